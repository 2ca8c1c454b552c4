/* A controller and nothing else, to see how much flash and RAM it takes with libm. */
#include "tried.h"

#define JOINED_(a, b) a##b
#define JOINED(a, b) JOINED_(a, b)
#define OF(part) JOINED(CONTROLLER, part)

CONTROLLER controller;
OF(_obs) obs;
float command[COMMANDS];

int main(void)
{
    OF(_reset)(&controller);
    for (;;) {
        OF(_step)(&controller, &obs, command);
    }
}
