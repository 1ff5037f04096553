/* How the tensors of a run fall into pieces. Private to streams. */
#pragma once

#include "stream.h"

/* Piece INDEX: the elements [*from, *to), or bytes of a copy. */
void hu_stream_piece(const struct hu_stream *s, const struct hu_stream_tensor *t, uint64_t index,
                     uint64_t *from, uint64_t *to);
/* Bytes that a piece may have: HU_PIECE, or more where a row of tiles does. 0: too many. */
size_t hu_stream_room(const struct hu_stream *s);
