/* Brings up the Cortex-M4F of QEMU's board mps2-an386: vector table, FPU, C library, main(). */
#include <stdint.h>

extern uint32_t stack_top[], bss_begin[], bss_end[];
extern void initialise_monitor_handles(void); /* newlib's semihosting */
extern void exit(int);
extern int main(void);

static volatile uint32_t *const COPROCESSORS = (uint32_t *)0xE000ED88;

enum { FULL_ACCESS_TO_FPU = 0xF << 20 };

static void begin(void)
{
    *COPROCESSORS |= FULL_ACCESS_TO_FPU;
    __asm volatile("dsb\n isb");
    for (uint32_t *word = bss_begin; word < bss_end; word++) {
        *word = 0;
    }
    initialise_monitor_handles();
    exit(main());
}

static void stop(void)
{
    exit(3);
}

__attribute__((section(".vectors"), used)) static void *const vectors[] = {
    stack_top, begin, stop, stop, stop, stop, stop,
};
