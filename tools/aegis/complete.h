/* What could stand at the cursor of a command line: asked by the scripts of `aegis completion`. */
#ifndef AEGIS_TOOL_COMPLETE_H
#define AEGIS_TOOL_COMPLETE_H

/* The words behind `aegis`, the last being the one under the cursor, maybe "". One candidate a line with what
 * it is behind a tab; ":files" stands for names of files. Never complains. 0. */
int complete(int argc, char **argv);

#endif
