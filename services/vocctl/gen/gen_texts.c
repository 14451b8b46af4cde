#include "gen_texts.h"

#include "base/arena.h"
#include "base/json_write.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_BYTES_MAX  16384
#define TEXTS_BYTES_MAX (16 << 20)
#define SHELF_MAX       2000

/* The texts of one kind. */
struct shelf {
	struct voc_str *texts;
	uint32_t count, room;
};

struct gen_texts {
	struct voc_arena *arena; /* holds the bytes of all texts */
	struct shelf shelves[GEN_LANG_COUNT][GEN_DOMAIN_COUNT][GEN_MOOD_COUNT];
};

static const char *const domain_names[] = {
#define X(symbol, name, ...) name,
	GEN_DOMAINS(X)
#undef X
};

static const char *const product_names[][GEN_PRODUCTS_PER_DOMAIN] = {
#define X(symbol, name, ...) { __VA_ARGS__ },
	GEN_DOMAINS(X)
#undef X
};

const char *gen_product_name(enum gen_domain domain, uint32_t index)
{
	return product_names[domain][index % GEN_PRODUCTS_PER_DOMAIN];
}

static bool domain_parse(const char *name, enum gen_domain *ret_domain)
{
	for (int i = 0; i < GEN_DOMAIN_COUNT; i++) {
		if (strcmp(domain_names[i], name) == 0) {
			*ret_domain = (enum gen_domain)i;
			return true;
		}
	}
	return false;
}

static enum gen_mood mood_of(const char *feedback, const char *satisfaction, bool churn)
{
	if (churn)
		return GEN_CHURN;
	if (strcmp(satisfaction, "dissatisfied") == 0)
		return GEN_COMPLAINT;
	if (strcmp(feedback, "question") == 0)
		return GEN_QUESTION;
	return strcmp(satisfaction, "neutral") == 0 ? GEN_REMARK : GEN_PRAISE;
}

static bool shelf_add(struct shelf *shelf, struct voc_str text)
{
	if (shelf->count == SHELF_MAX)
		return false;
	if (shelf->count == shelf->room) {
		uint32_t room = shelf->room == 0 ? 16 : 2 * shelf->room;
		struct voc_str *texts = realloc(shelf->texts, room * sizeof *texts);
		if (texts == NULL)
			return false;
		shelf->texts = texts;
		shelf->room = room;
	}
	shelf->texts[shelf->count++] = text;
	return true;
}

/* The text as it stands between the quotes of a JSON string, in the arena; ptr is NULL when it doesn't fit. */
static struct voc_str escape(struct gen_texts *texts, const char *text, struct voc_buf *scratch)
{
	struct voc_json_writer json;
	voc_buf_clear(scratch);
	voc_json_begin(&json, scratch);
	voc_json_str(&json, voc_str_from(text));
	if (scratch->failed)
		return voc_str_of(NULL, 0);
	return voc_arena_copy(texts->arena, voc_str_of(scratch->ptr + 1, scratch->len - 2));
}

static bool line_add(struct gen_texts *texts, const char *line, size_t len, struct voc_buf *scratch)
{
	const char *text, *lang, *domain_name, *feedback, *satisfaction;
	int churn;
	enum gen_domain domain;
	bool added = false;
	json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	if (root == NULL ||
	    json_unpack(root, "{s:s,s:s,s:s,s:s,s:s,s:b}", "text", &text, "lang", &lang, "domain", &domain_name,
	                "feedback_type", &feedback, "satisfaction", &satisfaction, "churn_intent", &churn) != 0)
		goto out;
	if (!domain_parse(domain_name, &domain))
		goto out;
	struct voc_str escaped = escape(texts, text, scratch);
	enum gen_lang language = strcmp(lang, "ko") == 0 ? GEN_KOREAN : GEN_ENGLISH;
	added = escaped.ptr != NULL &&
	        shelf_add(&texts->shelves[language][domain][mood_of(feedback, satisfaction, churn != 0)], escaped);
out:
	json_decref(root);
	return added;
}

static enum voc_status read_lines(struct gen_texts *texts, FILE *file, struct voc_error *error)
{
	enum voc_status status = VOC_OK;
	struct voc_buf scratch;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	voc_buf_init(&scratch, LINE_BYTES_MAX);
	for (long number = 1; status == VOC_OK && (len = getline(&line, &room, file)) > 0; number++) {
		if (!line_add(texts, line, (size_t)len, &scratch))
			status = voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1,
			                       "the generator's texts: line %ld is not one of them", number);
	}
	free(line);
	voc_buf_free(&scratch);
	return status;
}

/* A missing kind would silently bend the stories, and a draw has to give something. */
static enum voc_status check_shelves(const struct gen_texts *texts, struct voc_error *error)
{
	for (int lang = 0; lang < GEN_LANG_COUNT; lang++) {
		for (int domain = 0; domain < GEN_DOMAIN_COUNT; domain++) {
			for (int mood = 0; mood < GEN_MOOD_COUNT; mood++) {
				if (texts->shelves[lang][domain][mood].count == 0)
					return voc_error_set(
					        error, VOC_FATAL, VOC_REASON_CONFIG, -1,
					        "the generator's texts: none for %s, mood %d of language %d",
					        domain_names[domain], mood, lang);
			}
		}
	}
	return VOC_OK;
}

enum voc_status gen_texts_open(const char *path, struct gen_texts **ret_texts, struct voc_error *error)
{
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1,
		                     "the generator's texts, %.100s: %s (VOC_TEXTS names them)", path, strerror(errno));
	enum voc_status status = VOC_FATAL;
	struct gen_texts *texts = calloc(1, sizeof *texts);
	if (texts != NULL)
		texts->arena = voc_arena_new(TEXTS_BYTES_MAX);
	if (texts == NULL || texts->arena == NULL)
		voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for the generator's texts");
	else if ((status = read_lines(texts, file, error)) == VOC_OK)
		status = check_shelves(texts, error);
	fclose(file);
	if (status == VOC_OK)
		*ret_texts = texts;
	else
		gen_texts_free(texts);
	return status;
}

void gen_texts_free(struct gen_texts *texts)
{
	if (texts == NULL)
		return;
	struct shelf *shelves = &texts->shelves[0][0][0];
	for (size_t i = 0; i < sizeof texts->shelves / sizeof *shelves; i++)
		free(shelves[i].texts);
	voc_arena_free(texts->arena);
	free(texts);
}

struct voc_str gen_texts_draw(const struct gen_texts *texts, enum gen_lang lang, enum gen_domain domain,
                              enum gen_mood mood, struct gen_random *random)
{
	const struct shelf *shelf = &texts->shelves[lang][domain][mood];
	return shelf->texts[gen_random_below(random, shelf->count)];
}
