/*
 * Named places in the code at which a test can end or stop the process, exactly between two steps of the protocol
 * (tests/chaos). Only a build with VOC_FAULT_POINTS (the preset `chaos`) has them; elsewhere VOC_FAULT_POINT compiles
 * to nothing, and VOC_FAULT is an unknown variable that a service refuses.
 *
 *   VOC_FAULT=name:nth:kill|stop|exit
 *
 * At the nth pass of that place the process gets SIGKILL or SIGSTOP, or ends by _exit(1), which runs no handler.
 *
 * Safe from any thread.
 */
#ifndef VOC_BASE_FAULT_POINT_H
#define VOC_BASE_FAULT_POINT_H

#include "base/str.h"

#define VOC_FAULT_VARIABLE "VOC_FAULT"

/* X(symbol, name, where) */
#define VOC_FAULT_POINTS_TABLE(X)                                                                                      \
	X(VOC_FAULT_CLASSIFIER_ASSIGNED, "classifier-assigned", "its starts are known, reading has not begun")         \
	X(VOC_FAULT_CLASSIFIER_BATCH, "classifier-batch", "in a batch, a record handed to the producer")               \
	X(VOC_FAULT_CLASSIFIER_PRODUCED, "classifier-produced", "an output acknowledged, its offset not yet stored")   \
	X(VOC_FAULT_CLASSIFIER_REVOKED, "classifier-revoked", "in a rebalance, outputs awaited, offsets not stored")   \
	X(VOC_FAULT_AGGREGATOR_ASSIGNED, "aggregator-assigned", "in a rebalance, positions read, reading not begun")   \
	X(VOC_FAULT_AGGREGATOR_GATHERED, "aggregator-gathered", "records gathered, their customers not yet read")      \
	X(VOC_FAULT_AGGREGATOR_BATCH, "aggregator-batch", "one partition's alerts handed to the producer, more to do") \
	X(VOC_FAULT_AGGREGATOR_TOLD, "aggregator-told", "alerts acknowledged, state not yet stored")                   \
	X(VOC_FAULT_AGGREGATOR_STORED, "aggregator-stored", "state stored, nothing told to Kafka's group")             \
	X(VOC_FAULT_AGGREGATOR_DUE, "aggregator-due", "due records handed to the producer, not acknowledged")          \
	X(VOC_FAULT_AGGREGATOR_REVOKED, "aggregator-revoked", "in a rebalance, the batch dropped")                     \
	X(VOC_FAULT_ALERTER_TAKEN, "alerter-taken", "an alert read, its request not yet made")                         \
	X(VOC_FAULT_ALERTER_POSTED, "alerter-posted", "the endpoint answered 2xx, the offset not yet stored")          \
	X(VOC_FAULT_ALERTER_BURIED, "alerter-buried", "a dead letter acknowledged, the offset not yet stored")         \
	X(VOC_FAULT_ALERTER_REVOKED, "alerter-revoked", "in a rebalance, requests awaited, the rest not dropped")

enum voc_fault_point {
#define X(symbol, name, where) symbol,
	VOC_FAULT_POINTS_TABLE(X)
#undef X
	        VOC_FAULT_POINT_COUNT
};

enum voc_fault_deed {
	VOC_FAULT_KILL,
	VOC_FAULT_STOP,
	VOC_FAULT_EXIT,
};

struct voc_fault_plan {
	enum voc_fault_point point;
	int64_t nth; /* from 1 */
	enum voc_fault_deed deed;
};

/* Never NULL; "unknown" for a value that is none. Static strings. */
const char *voc_fault_point_name(enum voc_fault_point point);
/* False, and the output untouched, if the text is no plan. */
bool voc_fault_plan_parse(struct voc_str text, struct voc_fault_plan *ret_plan);
/* Passes a place; the plan is read from the environment once. A plan that can't be parsed ends the process at once. */
void voc_fault_point_pass(enum voc_fault_point point);

#ifdef VOC_FAULT_POINTS
#define VOC_FAULT_POINT(point) voc_fault_point_pass(point)
#else
#define VOC_FAULT_POINT(point) ((void)0)
#endif

#endif
