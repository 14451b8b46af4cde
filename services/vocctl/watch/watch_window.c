#include "watch_window.h"

static void count(struct watch_view *view, const struct watch_labels *labels, int by)
{
	view->feedback[labels->feedback] += by;
	view->satisfaction[labels->satisfaction] += by;
	view->servqual[labels->servqual] += by;
	view->channel[labels->channel] += by;
	for (int i = 0; i < VOC_FACTOR_COUNT; i++) {
		if (labels->factors & (1u << i))
			view->factor[i] += by;
	}
}

void watch_window_add(struct watch_window *window, const struct voc_labels *labels, enum voc_channel channel,
                      struct watch_view *view)
{
	struct watch_labels *place = &window->events[window->next];
	if (window->count == WATCH_WINDOW_EVENTS)
		count(view, place, -1);
	else
		window->count++;
	*place = (struct watch_labels){
		.feedback = (uint8_t)labels->feedback,
		.satisfaction = (uint8_t)labels->satisfaction,
		.servqual = (uint8_t)labels->servqual,
		.channel = (uint8_t)channel,
		.factors = labels->factors,
	};
	count(view, place, 1);
	window->next = (window->next + 1) % WATCH_WINDOW_EVENTS;
	view->window = (int64_t)window->count;
}
