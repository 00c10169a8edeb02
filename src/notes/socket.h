/* socket: where the two sides meet: RUNTIME/notes-PID.sock, one a show. Private to notes. */
#ifndef NOTES_SOCKET_H
#define NOTES_SOCKET_H

#define NOTES_PREFIX "notes-"
#define NOTES_SUFFIX ".sock"

#endif
