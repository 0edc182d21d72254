/* Workers as processes of their own, which can be killed, stopped and told where to die: the program starts
 * itself again. What they do is one line each in a file, so that a test counts effects and not beliefs.
 *
 * A program that uses it begins main with `if (station_called(argc, argv)) return station_work(argv);` and is
 * linked with the objects of application/crash.h (mk/tests.mk).
 */
#ifndef TESTS_CONTRACT_STATION_H
#define TESTS_CONTRACT_STATION_H

#include "contract/desk.h"

/* A service of its own name with the commands "exact", "once" and "often" (exactly, at most, at least once),
 * and its lane "urgent". What a command does is in the text of its payload:
 *   "x"      takes effect
 *   "hold"   takes effect, then waits until the file <folder>/go<attempt> is there
 *   "abort"  aborts the process */
typedef struct station {
    const char *name;
    const char *url;
    aegis_duration lease;
    char folder[64]; /* removed by station_close */
    pid_t pid;       /* of the worker started last; 0: none */
} station;

void station_open(station *s, const char *name, const char *url, aegis_duration lease);
void station_close(station *s);

/* Start a worker, and wait until it serves. `crash_at` NULL: it does not crash. */
pid_t station_start(station *s, const char *crash_at, unsigned concurrency);
/* Wait until this one has died by a signal, or ended; its number, 0 for an orderly end, -1 after 20 s. */
int station_buried(pid_t pid);
/* End it in order. */
void station_stop(pid_t pid);

/* What was done. */
typedef struct effect {
    char id[64];
    unsigned attempt;
    bool maybe;
    pid_t by;
} effect;
/* Those of one command (NULL: of all); at most `most` are written. */
size_t station_effects(const station *s, const char *id, effect *effects, size_t most);
/* Wait for so many; false after 20 s. */
bool station_reached(const station *s, const char *id, size_t wanted);
/* Lines the workers have logged that hold this. */
size_t station_logged(const station *s, const char *words);
void station_release(const station *s, unsigned attempt);
void station_retain(const station *s, unsigned attempt);

bool station_publish(aegis_bus *bus, const station *s, const char *command, const char *id, const char *what,
                     uint32_t max_retries);

bool station_called(int argc, char **argv);
int station_work(char **argv);

#endif
