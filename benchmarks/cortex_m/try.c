/*
 * Tries an exported controller: prints its commands as the bits of floats, then on a Cortex-M4F the
 * ticks and the stack of its steps.
 *
 * `tried.h` defines CONTROLLER, UPPER_CONTROLS and ROWS, WIDTH and FELT of what is felt.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tried.h"

#define JOINED_(a, b) a##b
#define JOINED(a, b) JOINED_(a, b)
#define OF(part) JOINED(CONTROLLER, part)

static CONTROLLER controller;
static OF(_obs) obs;
static float command[COMMANDS];

static void step(int t)
{
    memcpy(&obs, FELT[t % ROWS], sizeof FELT[0]);
    OF(_step)(&controller, &obs, command);
}

static void print(void)
{
    OF(_reset)(&controller);
    for (int t = 0; t < ROWS; t++) {
        step(t);
        for (int j = 0; j < COMMANDS; j++) {
            uint32_t bits;

            memcpy(&bits, &command[j], sizeof bits);
            printf("%08lx ", (unsigned long)bits);
        }
    }
    printf("\n");
}

#ifdef __arm__
/* The board's first timer: counts down with 25 MHz, that is once in 40 instructions of QEMU. */
static volatile uint32_t *const TIMER_CONTROL = (uint32_t *)0x40000000;
static volatile uint32_t *const TIMER_VALUE = (uint32_t *)0x40000004;
static volatile uint32_t *const TIMER_RELOAD = (uint32_t *)0x40000008;

enum { FREE = 0x5A5A5A5A, DEPTH = 8192 };

static uint32_t ticks(int steps)
{
    uint32_t before;

    OF(_reset)(&controller);
    before = *TIMER_VALUE;
    for (int t = 0; t < steps; t++) {
        step(t);
    }
    return before - *TIMER_VALUE;
}

/* Bytes of stack below this function that a step writes. */
__attribute__((noinline)) static unsigned stack(void)
{
    uint32_t *const here = __builtin_frame_address(0);
    volatile uint32_t *const deepest = here - 32 - DEPTH;
    int clean = 0;

    for (int i = 0; i < DEPTH; i++) {
        deepest[i] = FREE;
    }
    step(0);
    while (clean < DEPTH && deepest[clean] == FREE) {
        clean++;
    }
    return (unsigned)((DEPTH + 32 - clean) * 4);
}

int main(void)
{
    *TIMER_RELOAD = 0xFFFFFFFF;
    *TIMER_VALUE = 0xFFFFFFFF;
    *TIMER_CONTROL = 1;
    print();
    printf("ticks %lu %lu stack %u\n", (unsigned long)ticks(50), (unsigned long)ticks(150), stack());
    return 0;
}
#else
int main(void)
{
    print();
    return 0;
}
#endif
