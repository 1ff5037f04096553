/* What the files of this room stand on: messages, texts, sheets, JSON, and the C library. */
#pragma once

#include "report.h"
#include "json.h"
#include "sheet.h"
#include "shown.h"
#include "terminal.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
