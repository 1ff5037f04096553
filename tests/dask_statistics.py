"""What a cast to mxfp4 would lose of an array that lies in pieces, found by two worker processes of
Dask: each has the statistics of its pieces, and they add up to those of the whole."""

import numpy
from dask import delayed
from distributed import Client, LocalCluster

import halfulp

PIECES, ELEMENTS = 6, 65536


def piece(number):
    """What a worker would read from its disk."""
    return numpy.random.default_rng(number).normal(0, 0.02, ELEMENTS).astype(numpy.float32)


def statistics(number):
    return halfulp.stats(piece(number), ["mxfp4", "fp8_e4m3"])


def main():
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        with Client(cluster):
            total = delayed(sum)([delayed(statistics)(i) for i in range(PIECES)]).compute()
    for row in total["total"]:
        print(f"{row['format']}: {row['sqnr_db']:.2f} dB over {row['measured']:,} elements")
    one = halfulp.stats(numpy.concatenate([piece(i) for i in range(PIECES)]), ["mxfp4", "fp8_e4m3"])
    same = all(a["sqnr_db"] == b["sqnr_db"] and a["rms_error"] == b["rms_error"]
               for a, b in zip(total["total"], one["total"]))
    print("the same as one run:", same)


if __name__ == "__main__":
    main()
