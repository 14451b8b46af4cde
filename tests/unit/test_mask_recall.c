/* How much of generated personal data is masked, by kind and language, and how much else is hit. Prints the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "support/mask_samples.h"

#define SAMPLES      2000
#define RECALL_LEAST 0.99
#define HITS_MOST    0.01

/* Every digit and letter of the piece is a star. */
static bool is_hidden(const struct mask_sample *sample, const char *masked)
{
	for (size_t at = sample->start; at < sample->end; at++) {
		unsigned char c = (unsigned char)masked[at];
		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c >= 0x80)
			return false;
	}
	return true;
}

static bool is_spared(const struct mask_sample *sample, const char *masked)
{
	size_t len = strlen(sample->text);
	return memcmp(sample->text, masked, sample->start) == 0 &&
	       memcmp(sample->text + sample->end, masked + sample->end, len - sample->end) == 0;
}

static void tell(const char *what, const struct mask_sample *sample, const char *masked)
{
	static int said;
	if (said++ < 60)
		printf("  %s: %s -> %s\n", what, sample->text, masked);
}

static void test_recall(void **state)
{
	(void)state;
	struct mask_source source = { 20261122 };
	double least = 1;
	printf("%-16s %6s %8s %10s\n", "kind", "", "recall", "precision");
	for (int kind = 0; kind < VOC_MASK_KIND_COUNT; kind++) {
		for (int korean = 0; korean < 2; korean++) {
			int found = 0, more = 0;
			for (int i = 0; i < SAMPLES; i++) {
				struct mask_sample sample;
				char masked[sizeof sample.text];
				mask_sample_personal(&source, (enum voc_mask_kind)kind, korean, &sample);
				memcpy(masked, sample.text, sizeof masked);
				voc_mask(masked, strlen(masked));
				bool hidden = is_hidden(&sample, masked), spared = is_spared(&sample, masked);
				if (!hidden || !spared)
					tell(hidden ? "more than that" : "missed", &sample, masked);
				found += hidden;
				more += !spared;
			}
			double recall = (double)found / SAMPLES;
			printf("%-16s %6s %8.4f %10.4f\n", voc_mask_kind_name((enum voc_mask_kind)kind),
			       korean ? "ko" : "en", recall, (double)found / (found + more));
			least = recall < least ? recall : least;
			assert_true((double)more / SAMPLES <= HITS_MOST);
		}
	}
	assert_true(least >= RECALL_LEAST);
}

static void test_what_is_no_personal_data_is_spared(void **state)
{
	static const char *const names[] = {
#define X(symbol, name) name,
		MASK_DECOYS(X)
#undef X
	};
	(void)state;
	struct mask_source source = { 20261123 };
	printf("%-24s %6s %10s\n", "no personal data", "", "false hits");
	double most = 0;
	for (int decoy = 0; decoy < MASK_DECOY_COUNT; decoy++) {
		for (int korean = 0; korean < 2; korean++) {
			int hits = 0;
			for (int i = 0; i < SAMPLES; i++) {
				struct mask_sample sample;
				char masked[sizeof sample.text];
				mask_sample_decoy(&source, (enum mask_decoy)decoy, korean, &sample);
				memcpy(masked, sample.text, sizeof masked);
				if (voc_mask(masked, strlen(masked)))
					tell("hit", &sample, masked), hits++;
			}
			double share = (double)hits / SAMPLES;
			printf("%-24s %6s %10.4f\n", names[decoy], korean ? "ko" : "en", share);
			most = share > most ? share : most;
		}
	}
	assert_true(most <= HITS_MOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recall),
		cmocka_unit_test(test_what_is_no_personal_data_is_spared),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
