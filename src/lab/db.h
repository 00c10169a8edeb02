/* db: turtle-db, the database outside the cluster that the localnet act reads: a real PostgreSQL in the lab's host namespace,
 * on an address of the physical network. In there it is the command `turtle-db`; onesdn-lab under that name is it.
 *
 * Database turtles, user splinter, password cheese, as in the talk's image; empty until the adapter fills it. Its files are
 * in the lab's tmpfs, its processes in the lab's namespaces, so it ends with the lab.
 */
#ifndef LAB_DB_H
#define LAB_DB_H

#include <stdbool.h>

#define DB_COMMAND "turtle-db"
#define DB_DIR "/run/turtle-db"
#define DB_DATA DB_DIR "/data"
/* turtle-db start [ADDRESS] | stop | status | watch | logs | rm | help. The exit status; 3: status, and it does not run. */
int db_main(int argc, char **argv);

/* db_watch.c: prints a line now and whenever it is another: "up", "down WHY; WHAT TO DO", "absent". Sleeps in between, and
 * ends when nobody reads any more. */
int db_watch(void);
/* What the first lines of PostgreSQL's postmaster.pid say: the server's process, the address that it listens on and whether
 * it takes connections. False: not written yet, or not by PostgreSQL. */
struct db_server {
	int pid;
	char address[64];
	bool is_ready;
};
bool db_read_pid_file(const char *text, struct db_server *out);
/* A server has written that file and lives: one that was killed does not, though nobody has reaped it yet. */
bool db_is_running(void);
/* The prefix length of the interface that has `address` and is up; -1: none has. */
int db_prefix_of(const char *address);

#endif
