/* turtle-db: PostgreSQL's own programs, run as a user who is not root. See db.h; enter.c brings people in here.
 *
 * PostgreSQL refuses to run as user 0, and that is all that the lab's namespace has: a user namespace inside it maps 0 to
 * a user that the machine knows for these programs.
 */
#include "lab/db.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "onesdn/base.h"

#define DIR DB_DIR
#define DATA DB_DATA
#define LOG DIR "/log"
#define TOOL_LOG DIR "/tools.log"
#define ADDRESS "192.168.200.1"
#define LOG_MAX ((size_t)8 << 20)
#define NOT_RUNNING 3
#define LEFTOVERS_TRIES 40
#define LEFTOVERS_MS 250

/* Nothing in /dev/shm, which is the host's; no fsync in a tmpfs; small, for four turtles. */
static const char settings[] = "unix_socket_directories = '" DIR "'\n"
                               "dynamic_shared_memory_type = mmap\n"
                               "password_encryption = scram-sha-256\n"
                               "fsync = off\n"
                               "synchronous_commit = off\n"
                               "full_page_writes = off\n"
                               "wal_level = minimal\n"
                               "max_wal_senders = 0\n"
                               "max_wal_size = 16MB\n"
                               "min_wal_size = 4MB\n"
                               "shared_buffers = 8MB\n"
                               "max_connections = 60\n"
                               "max_worker_processes = 1\n"
                               "jit = off\n"
                               "timezone = 'UTC'\n"
                               "log_timezone = 'UTC'\n";

static int fail(const char *what, const char *cure)
{
	fprintf(stderr, DB_COMMAND ": %s%s%s\n", what, cure[0] != '\0' ? "; " : "", cure);
	return 1;
}

/* ---- running PostgreSQL's programs ---- */

/* The newest there is; Debian keeps them off the PATH. */
static char *bin_dir(void)
{
	glob_t found = {0};
	char *out = NULL;
	long best = -1;
	if (glob("/usr/lib/postgresql/*/bin/postgres", 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			long version = strtol(found.gl_pathv[i] + strlen("/usr/lib/postgresql/"), NULL, 10);
			if (version <= best)
				continue;
			best = version;
			free(out);
			out = mem_strndup(found.gl_pathv[i], strlen(found.gl_pathv[i]) - strlen("/postgres"));
		}
	}
	globfree(&found);
	return out;
}

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool is_done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	if (fd >= 0)
		close(fd);
	return is_done;
}

/* PostgreSQL refuses root, and an id that /etc/passwd does not know; nobody is known everywhere. */
static void become_postgres(void)
{
	const struct passwd *user = getpwnam("postgres");
	user = user ? user : getpwnam("nobody");
	char map[32];
	if (unshare(CLONE_NEWUSER) < 0)
		_exit(126);
	write_text("/proc/self/setgroups", "deny"); /* denied already as a rule, which is as good */
	snprintf(map, sizeof map, "%u 0 1", user && user->pw_uid ? (unsigned)user->pw_uid : 65534u);
	if (!write_text("/proc/self/uid_map", map) || !write_text("/proc/self/gid_map", map))
		_exit(126);
}

/* argv[0] is one of PostgreSQL's programs, which find each other by the whole path that they are run by: the list is used up. Its
 * exit status; what it prints goes to TOOL_LOG. */
static int run(const char *argv[])
{
	char *dir = bin_dir(), *path = mem_printf("%s/%s", dir != NULL ? dir : "", argv[0]);
	argv[0] = path;
	int status = -1, log = open(TOOL_LOG, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	pid_t pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
		become_postgres();
		dup2(null, STDIN_FILENO);
		dup2(log, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
		execv(path, (char *const *)argv);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (log >= 0)
		close(log);
	free(dir);
	free(path);
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void print_tail(const char *path)
{
	struct str text = {0};
	if (!file_read(path, LOG_MAX, &text, NULL) || text.len == 0)
		return;
	size_t at = text.len - 1, lines = 0;
	while (at > 0 && (text.data[at - 1] != '\n' || ++lines < 5))
		at--;
	fprintf(stderr, "%s", text.data + at);
	str_finish(&text);
}

static int fail_with_log(const char *what)
{
	fail(what, "the end of its log:");
	print_tail(TOOL_LOG);
	print_tail(LOG);
	return 1;
}

/* ---- start ---- */

static bool make_cluster(void)
{
	const char *argv[] = {"initdb",          "-D", DATA,   "-U",         "postgres",  "-A",
	                      "trust",           "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions",
	                      "--wal-segsize=1", NULL};
	struct str text = {0};
	struct err err = {0};
	if (run(argv) != 0)
		return fail_with_log("initdb has failed") == 0;
	bool is_done = file_read(DATA "/postgresql.conf", LOG_MAX, &text, &err);
	str_append(&text, settings);
	is_done = is_done && file_write(DATA "/postgresql.conf", text.data, text.len, 0600, &err);
	str_finish(&text);
	return is_done || fail(err.text, "") == 0;
}

/* Only from the network that the address is on, and only with the password. */
static bool allow(const char *address, int prefix)
{
	struct err err = {0};
	char *text = mem_printf("local all all trust\nhost turtles splinter %s/%d scram-sha-256\n", address, prefix);
	bool is_done = file_write(DATA "/pg_hba.conf", text, strlen(text), 0600, &err);
	free(text);
	return is_done || fail(err.text, "") == 0;
}

static size_t log_size(void)
{
	struct stat of;
	return stat(LOG, &of) == 0 && of.st_size > 0 ? (size_t)of.st_size : 0;
}

/* What a server that was killed has started goes a moment after it, and holds its memory until then; and it is there itself until
 * somebody reaps it. */
static bool has_leftovers(size_t log_from)
{
	struct str text = {0};
	bool has = file_read(LOG, LOG_MAX, &text, NULL) && text.len > log_from &&
	           (strstr(text.data + log_from, "pre-existing shared memory block") != NULL ||
	            strstr(text.data + log_from, "postmaster.pid\" already exists") != NULL);
	str_finish(&text);
	return has;
}

static bool try_server(const char *address)
{
	char *listen = mem_printf("-c listen_addresses=%s", address);
	const char *argv[] = {"pg_ctl", "-D", DATA, "-l", LOG, "-o", listen, "-w", "-s", "start", NULL};
	bool is_done = run(argv) == 0;
	free(listen);
	return is_done;
}

static bool run_server(const char *address)
{
	size_t log_from = log_size();
	bool is_done = try_server(address);
	for (int i = 0; !is_done && i < LEFTOVERS_TRIES && has_leftovers(log_from); i++) {
		poll(NULL, 0, LEFTOVERS_MS);
		log_from = log_size();
		is_done = try_server(address);
	}
	return is_done || fail_with_log("PostgreSQL does not start") == 0;
}

static bool make_database(void)
{
	const char *argv[] = {"psql",
	                      "-X",
	                      "-q",
	                      "-h",
	                      DIR,
	                      "-U",
	                      "postgres",
	                      "-v",
	                      "ON_ERROR_STOP=1",
	                      "-c",
	                      "create user splinter password 'cheese'",
	                      "-c",
	                      "create database turtles owner splinter",
	                      NULL};
	return run(argv) == 0 || fail_with_log("the database cannot be made") == 0;
}

static int start(const char *address)
{
	int prefix = db_prefix_of(address);
	struct err err = {0};
	char *dir = bin_dir();
	if (dir == NULL)
		return fail("PostgreSQL is not installed on this machine", "install the package postgresql");
	free(dir);
	if (prefix < 0)
		return fail("no interface here has the address that it listens on",
		            "make the VLAN's interface first, with 192.168.200.1/24, or name another ADDRESS");
	if (!file_make_dirs(DIR, 0700, &err))
		return fail(err.text, "");
	if (db_is_running()) {
		puts(DB_COMMAND " is running already");
		return 0;
	}
	bool is_new = access(DIR "/made", F_OK) != 0;
	if (is_new && access(DATA, F_OK) != 0 && !make_cluster())
		return 1;
	if (!allow(address, prefix) || !run_server(address) || (is_new && !make_database()))
		return 1;
	if (is_new && !file_write(DIR "/made", "", 0, 0600, &err))
		return fail(err.text, "");
	printf(DB_COMMAND " is running: PostgreSQL on %s, port 5432, database turtles, user splinter\n", address);
	return 0;
}

/* ---- the others ---- */

static int stop(void)
{
	const char *argv[] = {"pg_ctl", "-D", DATA, "-m", "fast", "-w", "-s", "stop", NULL};
	if (!db_is_running()) {
		puts(DB_COMMAND " is not running");
		return 0;
	}
	if (run(argv) != 0)
		return fail_with_log("PostgreSQL does not stop");
	puts(DB_COMMAND " has stopped; its data is kept");
	return 0;
}

static int status(void)
{
	bool runs = db_is_running();
	puts(runs ? DB_COMMAND " is running" : DB_COMMAND " is not running");
	return runs ? 0 : NOT_RUNNING;
}

static int logs(void)
{
	struct str text = {0};
	struct err err = {0};
	bool is_done = file_read(LOG, LOG_MAX, &text, &err);
	if (is_done)
		fwrite(str_text(&text), 1, text.len, stdout);
	str_finish(&text);
	return is_done ? 0 : fail(err.text, "");
}

static int remove_all(void)
{
	char dir[] = DIR, rm[] = "rm", option[] = "-rf", end[] = "--", *argv[] = {rm, option, end, dir, NULL};
	if (access(DIR, F_OK) != 0) {
		puts("there is no " DB_COMMAND);
		return 0;
	}
	if (db_is_running() && stop() != 0)
		return 1;
	puts(DB_COMMAND " and its data are gone");
	fflush(stdout);
	execvp(rm, argv);
	return fail(strerror(errno), "");
}

int db_main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} commands[] = {{"stop", stop}, {"status", status}, {"watch", db_watch}, {"logs", logs}, {"rm", remove_all}};
	setenv("LC_ALL", "C", 1);
	if (access("/run/phys/db.sock", F_OK) != 0)
		return fail("this is not the lab's host", "onesdn lab exec -- " DB_COMMAND " start");
	if (argc >= 2 && argc <= 3 && strcmp(argv[1], "start") == 0)
		return start(argc == 3 ? argv[2] : ADDRESS);
	for (size_t i = 0; argc == 2 && i < sizeof commands / sizeof commands[0]; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run();
	bool is_asked = argc == 2 && (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0);
	fprintf(is_asked ? stdout : stderr,
	        "usage: " DB_COMMAND " start [ADDRESS] | stop | status | watch | logs | rm\n"
	        "  start   PostgreSQL on " ADDRESS " or ADDRESS: database turtles, user splinter, password cheese\n"
	        "  stop    ends it, and keeps its data; rm takes the data away, too\n"
	        "  status  whether it runs; watch: a line whenever that changes; logs: what it has written\n");
	return is_asked ? 0 : 2;
}
