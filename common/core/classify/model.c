#include "core/classify/model.h"

#include "base/hash.h"

#define MAGIC          "VOCMODEL"
#define CHECKED_OFFSET offsetof(struct voc_model_header, format)

static const size_t table_counts[] = {
	VOC_COLUMNS,
	VOC_LANG_COUNT *VOC_COLUMNS,
	VOC_DENSE_COUNT *VOC_HEAD_COLUMNS,
	VOC_LANG_COUNT *VOC_HEAD_COUNT,
	VOC_LANG_COUNT *VOC_CURVES *VOC_CURVE_KNOTS,
};
#define TABLES (sizeof table_counts / sizeof table_counts[0])

_Static_assert(sizeof(struct voc_model_header) == 80, "the header is written by pack.py");

/* Rows begin at a cache line, so that none lies across two. */
static size_t rows_offset(void)
{
	size_t offset = sizeof(struct voc_model_header);
	for (size_t i = 0; i < TABLES; i++)
		offset += table_counts[i] * sizeof(int32_t);
	return (offset + 63) & ~(size_t)63;
}

/* Bytes of a whole file. */
static size_t whole_size(void)
{
	return rows_offset() + (size_t)VOC_BUCKETS * (VOC_COLUMNS + 1);
}

static enum voc_status refuse(struct voc_error *error, const char *name, const char *why)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%.120s: %s", name, why);
}

static enum voc_status check_header(struct voc_str bytes, const char *name, struct voc_error *error)
{
	const struct voc_model_header *header = (const struct voc_model_header *)(const void *)bytes.ptr;
	if (bytes.len < sizeof *header || memcmp(header->magic, MAGIC, sizeof header->magic) != 0)
		return refuse(error, name, "not a classifier model");
	if (header->format != VOC_MODEL_FORMAT)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1,
		                     "%.120s: model format %u, this program reads %u", name, header->format,
		                     VOC_MODEL_FORMAT);
	if (header->buckets != VOC_BUCKETS || header->columns != VOC_COLUMNS ||
	    header->head_columns != VOC_HEAD_COLUMNS || header->dense_count != VOC_DENSE_COUNT ||
	    header->curves != VOC_CURVES || header->knots != VOC_CURVE_KNOTS)
		return refuse(error, name, "the model was made for another version of this program");
	if (bytes.len != whole_size())
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1,
		                     "%.120s: the model has %zu bytes and should have %zu", name, bytes.len,
		                     whole_size());
	struct voc_str checked = voc_str_of(bytes.ptr + CHECKED_OFFSET, bytes.len - CHECKED_OFFSET);
	if (voc_hash64(checked) != header->checksum)
		return refuse(error, name, "the model's checksum is wrong: the file is damaged");
	if (memchr(header->version, '\0', sizeof header->version) == NULL)
		return refuse(error, name, "the model's version has no end");
	return VOC_OK;
}

enum voc_status voc_model_from_bytes(struct voc_str bytes, const char *name, struct voc_model *ret_model,
                                     struct voc_error *error)
{
	enum voc_status status = check_header(bytes, name, error);
	if (status != VOC_OK)
		return status;
	const int32_t *tables[TABLES];
	const char *at = bytes.ptr + sizeof(struct voc_model_header);
	for (size_t i = 0; i < TABLES; i++) {
		tables[i] = (const int32_t *)(const void *)at;
		at += table_counts[i] * sizeof(int32_t);
	}
	*ret_model = (struct voc_model){
		.header = (const struct voc_model_header *)(const void *)bytes.ptr,
		.scale = tables[0],
		.bias = tables[1],
		.dense = tables[2],
		.threshold = tables[3],
		.curve = tables[4],
		.rows = (const int8_t *)(bytes.ptr + rows_offset()),
		.owner = (const uint8_t *)(bytes.ptr + rows_offset() + (size_t)VOC_BUCKETS * VOC_COLUMNS),
	};
	return VOC_OK;
}

enum voc_status voc_model_open(const char *path, struct voc_model *ret_model, struct voc_error *error)
{
	struct voc_file_map map = { 0 };
	enum voc_status status = voc_file_map_open(path, VOC_MODEL_MAX_BYTES, &map, error);
	if (status != VOC_OK)
		return status;
	status = voc_model_from_bytes(map.bytes, path, ret_model, error);
	if (status == VOC_OK)
		ret_model->map = map;
	else
		voc_file_map_close(&map);
	return status;
}

void voc_model_close(struct voc_model *model)
{
	voc_file_map_close(&model->map);
	*model = (struct voc_model){ 0 };
}

int16_t voc_model_confidence(const struct voc_model *model, enum voc_lang lang, int curve, int32_t margin)
{
	const int32_t *knots = model->curve + ((size_t)lang * VOC_CURVES + (size_t)curve) * VOC_CURVE_KNOTS;
	if (margin < 0)
		margin = 0;
	int32_t at = margin / VOC_CURVE_STEP;
	int32_t value = knots[VOC_CURVE_KNOTS - 1];
	if (at < VOC_CURVE_KNOTS - 1)
		value = knots[at] + (knots[at + 1] - knots[at]) * (margin % VOC_CURVE_STEP) / VOC_CURVE_STEP;
	return (int16_t)(value < 0 ? 0 : value > 1000 ? 1000 : value);
}
