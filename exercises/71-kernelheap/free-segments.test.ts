import { it } from 'vitest';
import { predicted, type Belief } from '../../lib/grade/judge.js';
import { bootSteps } from '../../lib/trace/adapters/boot.js';
import { predict } from './free-segments.js';

type Name = keyof ReturnType<typeof predict>;

/** Free segments after each step, and what vmem_vmem has left. */
function boot() {
  const steps = bootSteps().map(({ step, arenas }) => ({
    step,
    free: arenas.reduce((sum, { holes }) => sum + holes.length, 0),
    left: arenas
      .filter(({ name }) => name === 'vmem_vmem')
      .flatMap(({ holes }) => holes)
      .reduce((sum, { start, end }) => sum + end - start, 0),
  }));
  return steps;
}

function ask(name: Name, beliefs: Belief[]): void {
  const steps = boot();
  const at = steps.findIndex(({ step }) => step === name);
  predicted(predict, name, {
    call: `free segments after ${steps[at].step}`,
    is: steps[at].free,
    beliefs,
    after: steps.slice(0, at).map(({ step }) => step),
  });
}

it('counts after vmem_init [1 point]', () => {
  ask('heap', [
    { if: 1, then: 'vmem_vmem brings a range too: the static structures.' },
    { if: 3, then: 'vmem_metadata is created with null and 0: it has nothing '
      + 'until it is asked.' },
    { if: 5, then: 'Three of the five arenas are created with null and 0: '
      + 'they have no span.' },
    { if: 6, then: 'The five structures that are free lie side by side: they '
      + 'are one segment.' },
  ]);
});

it('counts after heap_core [1 point]', () => {
  ask('heap_core', [
    { if: 2, then: 'heap_core brings a range of its own.' },
    { if: 4, then: 'Its structure comes from the front of a free piece, which '
      + 'stays one piece.' },
    { if: 1, then: 'It is no part of the heap: its range lies elsewhere.' },
  ]);
});

it('counts after first_avail [1 point]', () => {
  ask('first_avail', [
    { if: 4, then: 'The page is the first of the heap: what is left is one '
      + 'piece, not two.' },
    { if: 2, then: 'A page was taken out of the heap; the rest of it is '
      + 'still free.' },
  ]);
});

it('counts after heaptext [1 point]', () => {
  ask('heaptext', [
    { if: 3, then: 'It brings a range of its own; its source is only a '
      + 'label.' },
    { if: 5, then: 'heap_core was shortened before it was created: nothing '
      + 'is cut out of it.' },
  ]);
});

it('counts after static [1 point]', () => {
  ask('static', [
    { if: 5, then: 'It is created with null and 0: it has no span yet.' },
    { if: 3, then: 'Are all structures of vmem_vmem taken already?' },
  ]);
});

it('counts after static_alloc [1 point]', () => {
  ask('static_alloc', [
    { if: 5, then: 'It imports when it is asked, and nobody has asked.' },
    { if: 6, then: 'Neither static nor static_alloc has been asked for '
      + 'anything.' },
    { if: 3, then: 'This is the ninth arena. For how many is there room in '
      + 'vmem0?' },
  ]);
});

it('counts after hat_memload [1 point]', () => {
  ask('hat_memload', [
    { if: 4, then: 'The tenth arena takes the last structure: what becomes '
      + 'of the free segment that it was in?' },
    { if: 5, then: 'It is created with null and 0, and takes the last '
      + 'structure of vmem_vmem.' },
    { if: 6, then: 'Only arenas that bring a range have a span yet.' },
  ]);
});

it('knows what vmem_vmem has left after static [1 point]', () => {
  const steps = boot();
  const { left: is } = steps.find(({ step }) => step === 'static')!;
  predicted(predict, 'left', {
    call: 'bytes free in vmem_vmem after static',
    is,
    beliefs: [
      { if: 18200, then: 'That is after vmem_init. How many arenas are there '
        + 'now?' },
      { if: 10920, then: 'static is the eighth arena, not the seventh.' },
      { if: 29120, then: 'That is what is allocated.' },
      { if: 0, then: 'Only the tenth arena takes the last structure.' },
      { if: 2, then: 'Two structures are left. How many bytes are these?' },
    ],
  });
});
