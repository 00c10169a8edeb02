/* The terminal measured: `onesdn term` beside tmux, in a pty of 40 x 120 that this program reads. Rounds are interleaved, the
 * medians printed as a table. It is its own inner program (--inner ...): what it tells goes through a shared page.
 *
 * usage: BUILD=build term_bench; BENCH_ROUNDS (3), BENCH_SCALE (1.0 of the corpora), BENCH_IDLE (5 s) */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "onesdn/term.h"

enum { ROWS = 40, COLS = 120, KEYS = 200, ECHO_X = 19, ECHO_Y = 4, ROUNDS_MAX = 15 };
enum peer { ONESDN, TMUX, N_PEERS };

struct shared {
	volatile int64_t started; /* the inner program's work begins, ns */
	volatile int ready;
};

static char dir[64];
static char self[4096];
static struct shared *shared;

static int64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void put(const char *text, size_t size)
{
	while (size > 0) {
		ssize_t n = write(STDOUT_FILENO, text, size);
		if (n <= 0)
			_exit(1);
		text += n;
		size -= (size_t)n;
	}
}

/* ---- inside the pane ---- */

static void inner_cat(const char *file)
{
	static char bytes[65536];
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	while (fd >= 0 && (n = read(fd, bytes, sizeof bytes)) > 0)
		put(bytes, (size_t)n);
	put("\033[0m\r\nTHEEND\r\n", 14);
}

static void inner_paint(void)
{
	struct str out = {0};
	for (int y = 1; y <= ROWS; y++)
		str_append_f(&out, "\033[%d;1Hrow %02d %.*s", y, y, y, "........................................");
	str_append(&out, "\033[40;100HTHEEND");
	put(out.data, out.len);
	str_finish(&out);
}

static void inner_noise(void)
{
	char text[2048];
	for (unsigned k = 0;; k++) {
		int n = snprintf(text, sizeof text, "\033[15;%dr\033[%d;1H", ROWS, ROWS);
		for (int i = 0; i < 14; i++)
			n += snprintf(
			        text + n, sizeof text - (size_t)n,
			        "\r\n\033[3%um%08u the quick brown fox jumps over the lazy dog and runs away\033[m",
			        1 + k % 7, k * 14 + (unsigned)i);
		n += snprintf(text + n, sizeof text - (size_t)n, "\033[r");
		put(text, (size_t)n);
	}
}

static void inner_echo(bool floods)
{
	pid_t child = floods ? fork() : -1;
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		inner_noise();
	}
	char key, text[32];
	put("\033[2J", 4);
	shared->ready = 1;
	while (read(STDIN_FILENO, &key, 1) == 1)
		put(text, (size_t)snprintf(text, sizeof text, "\033[%d;%dH%c", ECHO_Y + 1, ECHO_X + 1, key));
	if (child > 0)
		kill(child, SIGKILL);
}

static int inner(char **argv)
{
	struct termios line;
	int fd = open(argv[0], O_RDWR | O_CLOEXEC);
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd < 0 || shared == MAP_FAILED)
		return 1;
	tcgetattr(STDIN_FILENO, &line);
	if (strcmp(argv[1], "cat") != 0) {
		cfmakeraw(&line);
		tcsetattr(STDIN_FILENO, TCSANOW, &line);
	}
	shared->started = now_ns();
	if (strcmp(argv[1], "cat") == 0)
		inner_cat(argv[2]);
	else if (strcmp(argv[1], "paint") == 0)
		inner_paint();
	else
		inner_echo(strcmp(argv[1], "flood") == 0);
	shared->ready = 1;
	pause();
	return 0;
}

/* ---- a peer in a pty ---- */

struct session {
	pid_t pid;
	int fd;
	int64_t spawned;
	struct term *screen; /* what the peer has painted */
	size_t bytes;
};

static void child(enum peer peer, const char *what, const char *file)
{
	char page[128], sock[128], conf[128], command[8192];
	const char *build = getenv("BUILD");
	snprintf(page, sizeof page, "%s/page", dir);
	snprintf(sock, sizeof sock, "%s/tmux", dir);
	snprintf(conf, sizeof conf, "%s/tmux.conf", dir);
	snprintf(command, sizeof command, "exec %s --inner %s %s %s", self, page, what, file);
	setenv("TERM", "xterm-256color", 1);
	setenv("COLORTERM", "truecolor", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	unsetenv("TMUX");
	if (peer == TMUX) {
		execlp("tmux", "tmux", "-S", sock, "-f", conf, "-T", "RGB,256", "new-session", command, (char *)NULL);
	} else {
		char binary[4096];
		snprintf(binary, sizeof binary, "%s/onesdn", build ? build : "build");
		execl(binary, "onesdn", "term", "--", self, "--inner", page, what, file, (char *)NULL);
	}
	_exit(127);
}

static struct session start(enum peer peer, const char *what, const char *file)
{
	struct session s = {0};
	struct winsize size = {.ws_row = ROWS, .ws_col = COLS};
	struct term_options options = {.rows = ROWS, .cols = COLS, .scrollback = 1};
	memset(shared, 0, sizeof *shared);
	s.spawned = now_ns();
	s.pid = forkpty(&s.fd, NULL, NULL, &size);
	if (s.pid == 0)
		child(peer, what, file);
	fcntl(s.fd, F_SETFL, O_NONBLOCK);
	fcntl(s.fd, F_SETFD, FD_CLOEXEC);
	s.screen = term_create(NULL, &options);
	return s;
}

static void stop(struct session *s, enum peer peer)
{
	if (peer == TMUX) {
		char sock[128];
		snprintf(sock, sizeof sock, "%s/tmux", dir);
		pid_t killer = fork();
		if (killer == 0) {
			execlp("tmux", "tmux", "-S", sock, "kill-server", (char *)NULL);
			_exit(127);
		}
		waitpid(killer, NULL, 0);
	}
	kill(s->pid, SIGHUP);
	close(s->fd);
	waitpid(s->pid, NULL, 0);
	term_destroy(s->screen);
}

/* Reads once; false when nothing came in `ms` or the peer is gone. */
static bool pump(struct session *s, int ms, struct str *keep)
{
	static char bytes[65536];
	struct pollfd wait = {.fd = s->fd, .events = POLLIN};
	if (poll(&wait, 1, ms) <= 0)
		return false;
	ssize_t n = read(s->fd, bytes, sizeof bytes);
	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	s->bytes += (size_t)n;
	if (keep)
		str_append_n(keep, bytes, (size_t)n);
	else
		term_feed(s->screen, bytes, (size_t)n);
	return true;
}

static bool shows_end(const struct term *screen)
{
	struct str text = {0};
	term_text(screen, 0, ROWS, 1 << 20, &text);
	bool shows = strstr(str_text(&text), "THEEND") != NULL;
	str_finish(&text);
	return shows;
}

/* ---- measures: each one number, -1 when it failed ---- */

/* Only reads while the clock runs; what was on the screen after which read is found out afterwards. */
static int64_t end_seen_at(struct session *s, int limit_ms)
{
	struct mark {
		int64_t at;
		size_t end;
	};
	VEC(struct mark) marks = {0};
	struct str kept = {0};
	int64_t deadline = now_ns() + (int64_t)limit_ms * 1000000, seen = -1;
	size_t from = 0;
	while (now_ns() < deadline && (pump(s, 300, &kept) || !shared->ready))
		if (marks.len == 0 || marks.data[marks.len - 1].end < kept.len)
			vec_push(&marks, (struct mark){now_ns(), kept.len});
	for (size_t i = 0; i < marks.len && seen < 0; i++) {
		bool is_late =
		        marks.len - i < 200 || memmem(kept.data + from, marks.data[i].end - from, "END", 3) != NULL;
		term_feed(s->screen, kept.data + from, marks.data[i].end - from);
		from = marks.data[i].end;
		if (is_late && marks.data[i].at >= shared->started && shows_end(s->screen))
			seen = marks.data[i].at;
	}
	vec_finish(&marks);
	str_finish(&kept);
	return seen;
}

static double throughput(enum peer peer, const char *file)
{
	struct stat info;
	struct session s = start(peer, "cat", file);
	int64_t seen = end_seen_at(&s, 120000);
	double seconds = (double)(seen - shared->started) / 1e9;
	stop(&s, peer);
	return seen < 0 || stat(file, &info) != 0 ? -1 : (double)info.st_size / 1e6 / seconds;
}

static double startup(enum peer peer, const char *file)
{
	(void)file;
	struct session s = start(peer, "paint", "-");
	int64_t seen = end_seen_at(&s, 5000), spawned = s.spawned;
	stop(&s, peer);
	return seen < 0 ? -1 : (double)(seen - spawned) / 1e6;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static double median(double *values, int n)
{
	qsort(values, (size_t)n, sizeof *values, by_value);
	return n == 0 ? -1 : values[n / 2];
}

static double one_key(struct session *s, char key)
{
	struct cell row[COLS];
	int64_t sent = now_ns();
	if (write(s->fd, &key, 1) != 1)
		return -1;
	while (now_ns() - sent < 2000000000) {
		pump(s, 100, NULL);
		term_row(s->screen, ECHO_Y, row, COLS);
		if (row[ECHO_X].ch[0] == (uint32_t)key)
			return (double)(now_ns() - sent) / 1e6;
	}
	return 2000;
}

static double latency(enum peer peer, const char *what)
{
	double times[KEYS];
	unsigned seed = 1;
	struct session s = start(peer, what, "-");
	int64_t deadline = now_ns() + 5000000000;
	while (!shared->ready && now_ns() < deadline)
		pump(&s, 20, NULL);
	for (int64_t settle = now_ns() + 600000000; now_ns() < settle;)
		pump(&s, 20, NULL);
	for (int i = 0; i < KEYS; i++) {
		int64_t next = now_ns() + 5000000 + (int64_t)(rand_r(&seed) % 15000) * 1000;
		times[i] = one_key(&s, (char)('a' + i % 26));
		while (now_ns() < next)
			pump(&s, (int)((next - now_ns()) / 1000000), NULL);
	}
	stop(&s, peer);
	return median(times, KEYS);
}

static double cpu_ms(pid_t pid)
{
	char path[64], text[128] = "";
	snprintf(path, sizeof path, "/proc/%d/schedstat", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	return n <= 0 ? -1 : strtod(text, NULL) / 1e6;
}

static double idle_cpu, idle_bytes[N_PEERS];

static double idle(enum peer peer, const char *file)
{
	(void)file;
	const char *seconds = getenv("BENCH_IDLE");
	int64_t span = (int64_t)((seconds ? strtod(seconds, NULL) : 5) * 1e9);
	struct session s = start(peer, "paint", "-");
	for (int64_t settle = now_ns() + 1500000000; now_ns() < settle;)
		pump(&s, 20, NULL);
	size_t bytes = s.bytes;
	double cpu = cpu_ms(s.pid);
	for (int64_t end = now_ns() + span; now_ns() < end;)
		pump(&s, (int)((end - now_ns()) / 1000000) + 1, NULL);
	idle_bytes[peer] = (double)(s.bytes - bytes);
	if (peer == ONESDN)
		idle_cpu = cpu_ms(s.pid) - cpu;
	stop(&s, peer);
	return idle_bytes[peer];
}

/* ---- corpora ---- */

static const char *const words[] = {"the",  "of",       "and",    "struct", "return", "static",
                                    "0x1b", "/usr/lib", "error:", "ninja",  "-O2",    "with"};

static unsigned pick(unsigned *seed, unsigned n)
{
	return (unsigned)rand_r(seed) % n;
}

static void line_ascii(struct str *out, unsigned *seed)
{
	for (size_t start = out->len, len = 12 + pick(seed, 105); out->len - start < len;) {
		str_append(out, words[pick(seed, 12)]);
		str_append_c(out, ' ');
	}
	str_append_c(out, '\n');
}

static void line_color(struct str *out, unsigned *seed)
{
	for (unsigned i = 4 + pick(seed, 8); i > 0; i--)
		switch (pick(seed, 3)) {
		case 0:
			str_append_f(out, "\033[1;%um%s %s\033[0m ", 31 + pick(seed, 7), words[pick(seed, 12)],
			             words[pick(seed, 12)]);
			break;
		case 1:
			str_append_f(out, "\033[38;5;%um%s\033[0m ", pick(seed, 256), words[pick(seed, 12)]);
			break;
		default:
			str_append_f(out, "\033[38;2;%u;%u;%u;4m%s\033[0m ", pick(seed, 256), pick(seed, 256),
			             pick(seed, 256), words[pick(seed, 12)]);
		}
	str_append_c(out, '\n');
}

static void line_utf8(struct str *out, unsigned *seed)
{
	static const unsigned ranges[][2] = {{0x4e00, 0x4200}, {0xac00, 0x2b00}, {0x430, 0x20},
	                                     {0xe0, 0x20},     {0x2500, 0x70},   {0x1f600, 0x40}};
	for (unsigned i = 4 + pick(seed, 6); i > 0; i--) {
		unsigned kind = pick(seed, 6);
		for (int k = 0; k < 6; k++) {
			char bytes[UTF8_MAX];
			str_append_n(out, bytes, utf8_encode(ranges[kind][0] + pick(seed, ranges[kind][1]), bytes));
		}
		str_append(out, "e\xcc\x81 ");
	}
	str_append_c(out, '\n');
}

static void frame_redraw(struct str *out, unsigned *seed)
{
	for (unsigned y = 1; y <= ROWS; y++) {
		str_append_f(out, "\033[%u;1H\033[%u;%um", y, 30 + pick(seed, 8), 40 + pick(seed, 8));
		for (int k = 0; k < 14; k++)
			str_append_f(out, "%08x", (unsigned)rand_r(seed));
		str_append(out, "\033[K");
	}
}

static const struct {
	const char *name;
	size_t size;
	void (*make)(struct str *out, unsigned *seed);
} corpora[] = {{"ascii", 50000000, line_ascii},
               {"colour", 20000000, line_color},
               {"utf-8", 10000000, line_utf8},
               {"redraw", 5000000, frame_redraw}};
enum { N_CORPORA = sizeof corpora / sizeof *corpora };

static bool make_corpus(int which, double scale, struct err *err)
{
	struct str pool = {0}, all = {0};
	unsigned seed = 7;
	size_t size = (size_t)((double)corpora[which].size * scale);
	char path[128];
	snprintf(path, sizeof path, "%s/%s", dir, corpora[which].name);
	while (pool.len < 1000000)
		corpora[which].make(&pool, &seed);
	while (all.len < size)
		str_append_n(&all, pool.data, pool.len);
	bool good = file_write(path, all.data, all.len, 0600, err);
	str_finish(&pool);
	str_finish(&all);
	return good;
}

/* ---- the table ---- */

static bool have_tmux;

static void measure(const char *name, double (*run)(enum peer, const char *), const char *argument, int rounds,
                    bool more_is_better)
{
	double values[N_PEERS][ROUNDS_MAX], result[N_PEERS] = {-1, -1};
	int n[N_PEERS] = {0};
	for (int round = 0; round < rounds; round++)
		for (int peer = 0; peer < (have_tmux ? N_PEERS : 1); peer++) {
			double value = run((enum peer)((peer + round) % (have_tmux ? N_PEERS : 1)), argument);
			int which = (peer + round) % (have_tmux ? N_PEERS : 1);
			if (value >= 0)
				values[which][n[which]++] = value;
		}
	for (int peer = 0; peer < N_PEERS; peer++)
		result[peer] = median(values[peer], n[peer]);
	printf("%-32s %10.3f", name, result[ONESDN]);
	if (have_tmux)
		printf(" %10.3f %8.2f%s", result[TMUX], result[TMUX] > 0 ? result[ONESDN] / result[TMUX] : 0,
		       more_is_better ? "  more is better" : "");
	printf("\n");
	fflush(stdout);
}

static void remove_all(void)
{
	static const char *const others[] = {"page", "tmux.conf", "tmux"};
	char path[128];
	for (int i = 0; i < N_CORPORA; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, corpora[i].name);
		unlink(path);
	}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, others[i]);
		unlink(path);
	}
	rmdir(dir);
}

static bool prepare(double scale, struct err *err)
{
	static const char conf[] = "set -g status off\nset -s escape-time 0\nset -g default-terminal tmux-256color\n";
	char path[128], page[4096] = "";
	snprintf(dir, sizeof dir, "/tmp/term_bench.XXXXXX");
	if (!mkdtemp(dir))
		return err_errno(err, errno, "no directory for the corpora in /tmp");
	snprintf(path, sizeof path, "%s/tmux.conf", dir);
	if (!file_write(path, conf, sizeof conf - 1, 0600, err))
		return false;
	snprintf(path, sizeof path, "%s/page", dir);
	if (!file_write(path, page, sizeof page, 0600, err))
		return false;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	shared = mmap(NULL, sizeof page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	for (int i = 0; i < N_CORPORA; i++)
		if (!make_corpus(i, scale, err))
			return false;
	return true;
}

int main(int argc, char **argv)
{
	struct err err = {0};
	const char *rounds_text = getenv("BENCH_ROUNDS"), *scale_text = getenv("BENCH_SCALE");
	int64_t rounds = 3;
	if (argc > 3 && strcmp(argv[1], "--inner") == 0)
		return inner(argv + 2);
	if (rounds_text && !text_to_int(rounds_text, 1, ROUNDS_MAX, &rounds)) {
		fprintf(stderr, "term_bench: BENCH_ROUNDS is not 1 to %d\n", ROUNDS_MAX);
		return 2;
	}
	if (!realpath("/proc/self/exe", self) || !prepare(scale_text ? strtod(scale_text, NULL) : 1, &err)) {
		fprintf(stderr, "term_bench: %s\n", err.text);
		remove_all();
		return 1;
	}
	char *tmux = path_program("tmux");
	have_tmux = tmux != NULL;
	free(tmux);
	printf("%-32s %10s%s\n", "measure", "onesdn", have_tmux ? "       tmux    ratio" : "");
	for (int i = 0; i < N_CORPORA; i++) {
		char name[64], path[128];
		snprintf(name, sizeof name, "cat %s, MB/s", corpora[i].name);
		snprintf(path, sizeof path, "%s/%s", dir, corpora[i].name);
		measure(name, throughput, path, (int)rounds, true);
	}
	measure("key to cell, idle, ms", latency, "echo", (int)rounds, false);
	measure("key to cell, flood, ms", latency, "flood", (int)rounds, false);
	measure("start to full screen, ms", startup, "", (int)rounds, false);
	measure("idle, bytes to the terminal", idle, "", 1, false);
	printf("%-32s %10.3f\n", "idle, CPU ms", idle_cpu);
	remove_all();
	return 0;
}
