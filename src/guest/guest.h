/* guest: the init of the lab's virtual machines. Private header of the program onesdn-guest, which is linked statically and
 * is /init of the guest's initramfs: it mounts, loads modules, applies the seed, runs the login on the serial console, and
 * talks to the lab over a second serial port.
 *
 * The seed is what the lab made of the VM's cloud-init data (src/lab/vm/seed.c): one item a line, a word and its
 * value, which QEMU hands on (fw_cfg). The guest executes, the lab parses: nothing of YAML is in here.
 */
#ifndef ONESDN_GUEST_H
#define ONESDN_GUEST_H

#include <stdbool.h>
#include <stddef.h>

#define GUEST_SEED "/sys/firmware/qemu_fw_cfg/by_name/opt/onesdn/seed/raw"
#define GUEST_INTERFACES_MAX 8
#define GUEST_ITEMS_MAX 32
#define GUEST_LINE_MAX 1024

struct guest_interface {
	char name[16];
	bool dhcp4;
	char mtu[8];
	char addresses[GUEST_ITEMS_MAX][64]; /* with prefix */
	size_t n_addresses;
	char routes[GUEST_ITEMS_MAX][128]; /* "DESTINATION GATEWAY" */
	size_t n_routes;
};
struct guest_seed {
	char hostname[65];
	char user[33];
	char password[256]; /* as written, or a crypt(3) hash ("$..."); "" locks the account */
	struct guest_interface interfaces[GUEST_INTERFACES_MAX];
	size_t n_interfaces;
	char nameservers[GUEST_ITEMS_MAX][64];
	size_t n_nameservers;
	char commands[GUEST_ITEMS_MAX][GUEST_LINE_MAX]; /* runcmd, each a shell command */
	size_t n_commands;
	char notes[GUEST_ITEMS_MAX][256]; /* said on the console before the login */
	size_t n_notes;
};
/* Reads the seed; unknown words and lines that are too long are said on the console and skipped. */
void seed_read(const char *path, struct guest_seed *seed);

/* Runs a program and waits; the exit status, 127 if it could not be started. Output goes to the console unless quiet. */
int run(bool quiet, const char *const *argv);
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* a line on the console */

void net_start(const struct guest_seed *seed);
void login_start(const struct guest_seed *seed); /* forks the console's login; login_reaped starts it anew */
bool login_reaped(int pid, const struct guest_seed *seed);
/* The lab's side channel (ttyS1): reports addresses as they change, takes "poweroff", "reboot", "report". Never returns;
 * reaps children. */
_Noreturn void agent_run(const struct guest_seed *seed);
_Noreturn void end_machine(bool again); /* ends all processes, then powers off or boots again */

#endif
