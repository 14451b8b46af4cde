/*
 * Loops over small integers, for the compiler to vectorise: a function marked VOC_VECTORISED is compiled twice, for
 * every x86-64 and for those with AVX2, and the loader takes the one that fits. Integers: the results are the same.
 */
#ifndef VOC_BASE_VECTOR_H
#define VOC_BASE_VECTOR_H

/* Not with the sanitizers: the loader chooses before they have started, and their checks would crash there. */
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
        !defined(__SANITIZE_THREAD__)
#define VOC_VECTORISED __attribute__((target_clones("avx2", "default")))
#else
#define VOC_VECTORISED
#endif

#endif
