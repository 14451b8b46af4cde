#include "aggregator.h"

int main(int argc, char **argv)
{
	static const struct voc_service service = {
		VOC_PROGRAM_AGGREGATOR,
		"classified events to customers' aggregates in Redis, and alerts",
		voc_agg_check,
		voc_agg_run,
	};
	return voc_service_main(&service, argc, argv);
}
