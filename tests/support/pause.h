/*
 * The one pause of the tests: between two looks at something that has a deadline, or for as long as a fault lasts.
 * Never to hope that something has happened meanwhile.
 */
#ifndef TESTS_SUPPORT_PAUSE_H
#define TESTS_SUPPORT_PAUSE_H

void test_pause_ms(int ms);

#endif
