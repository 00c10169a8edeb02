/* db: turtle-db, the database outside the cluster that the localnet act reads: a real PostgreSQL in the lab's host namespace,
 * on an address of the physical network. In there it is the command `turtle-db`; onesdn-lab under that name is it.
 *
 * Database turtles, user splinter, password cheese, as in the talk's image; empty until the adapter fills it. Its files are
 * in the lab's tmpfs, its processes in the lab's namespaces, so it ends with the lab.
 */
#ifndef LAB_DB_H
#define LAB_DB_H

#define DB_COMMAND "turtle-db"
/* turtle-db start [ADDRESS] | stop | status | logs | rm. The exit status; 3: status, and it does not run. */
int db_main(int argc, char **argv);

#endif
