/*
 * The two clocks. Only services and io ask them; the core is given its time. Safe from any thread.
 */
#ifndef VOC_BASE_CLOCK_H
#define VOC_BASE_CLOCK_H

#include <stdint.h>

/* Wall clock: milliseconds since 1970. May jump. */
int64_t voc_clock_wall_ms(void);
/* Monotonic clock, for time-outs and durations: never jumps, starts anywhere. */
int64_t voc_clock_ms(void);
int64_t voc_clock_us(void);

#endif
