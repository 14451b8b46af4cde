#include "terminal.h"

#include "io/service/signals.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define CTRL_C 3

/* DEC private modes: 1049 is the alternate screen, 25 the cursor. */
#define ENTER "\x1b[?1049h\x1b[?25l\x1b[2J"
#define LEAVE "\x1b[?25h\x1b[?1049l"

static struct termios before;
static bool changed;  /* `before` is to be put back */
static bool has_keys; /* they can be read */
static volatile sig_atomic_t resized;

static void on_resize(int number)
{
	(void)number;
	resized = 1;
}

bool terminal_enter(void)
{
	/* No SA_RESTART: a new size is to end the wait. */
	const struct sigaction action = { .sa_handler = on_resize };
	if (!isatty(STDOUT_FILENO) || sigaction(SIGWINCH, &action, NULL) != 0)
		return false;
	has_keys = tcgetattr(STDIN_FILENO, &before) == 0;
	if (has_keys) {
		struct termios keys = before;
		/* Ctrl-C is a key, too: a second one must not end us with the screen as it is. */
		keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
		keys.c_cc[VMIN] = 0;
		keys.c_cc[VTIME] = 0;
		changed = has_keys = tcsetattr(STDIN_FILENO, TCSANOW, &keys) == 0;
	}
	fputs(ENTER, stdout);
	return fflush(stdout) == 0;
}

void terminal_leave(void)
{
	fputs(LEAVE, stdout);
	fflush(stdout);
	if (changed)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

void terminal_size(int fd, int *ret_rows, int *ret_columns)
{
	struct winsize size;
	if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
		return;
	*ret_rows = size.ws_row;
	*ret_columns = size.ws_col;
}

static bool quit_pressed(void)
{
	char keys[32];
	ssize_t count = read(STDIN_FILENO, keys, sizeof keys);
	has_keys = count > 0; /* a terminal that has gone reads as its end */
	for (ssize_t i = 0; i < count; i++) {
		if (keys[i] == 'q' || keys[i] == 'Q' || keys[i] == CTRL_C)
			return true;
	}
	return false;
}

enum terminal_key terminal_wait(int timeout_ms)
{
	struct pollfd fds[] = {
		{ .fd = voc_signals_fd(), .events = POLLIN },
		{ .fd = has_keys ? STDIN_FILENO : -1, .events = POLLIN },
	};
	if (voc_signals_received() != 0)
		return TERMINAL_QUIT;
	int ready = resized ? 0 : poll(fds, sizeof fds / sizeof *fds, timeout_ms);
	if (voc_signals_received() != 0)
		return TERMINAL_QUIT;
	if (resized) {
		resized = 0;
		return TERMINAL_RESIZED;
	}
	if (ready > 0 && fds[1].revents != 0 && quit_pressed())
		return TERMINAL_QUIT;
	return TERMINAL_NOTHING;
}
