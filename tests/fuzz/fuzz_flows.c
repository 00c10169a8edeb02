/* What a command has printed, read for how its connection attempt ended. First byte: the exit status, 255 for none. */
#include <stdint.h>
#include <stdlib.h>

#include "play/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	char *text = mem_strndup((const char *)data + 1, size - 1);
	enum play_measure measure = flows_read(text, data[0] == 255 ? -1 : data[0]);
	if (measure == PLAY_UNMEASURED || measure > PLAY_BROKE)
		abort();
	free(text);
	return 0;
}
