"""Grey copies and thumbnails of twelve pictures by a pool of processes; no library is needed.

contend shows: tasks of two kinds in one pool, and what it costs to pickle a picture for a worker and back.
"""

from concurrent.futures import ProcessPoolExecutor

WIDTH, HEIGHT = 160, 120


def picture(number):
    return bytes((x * number + y * 3 + c * 50) % 256 for y in range(HEIGHT) for x in range(WIDTH) for c in range(3))


def grey(pixels):
    return bytes(sum(pixels[i : i + 3]) // 3 for i in range(0, len(pixels), 3))


def thumbnail(pixels):
    rows = range(0, HEIGHT, 8)
    return b"".join(pixels[3 * (y * WIDTH + x) : 3 * (y * WIDTH + x) + 3] for y in rows for x in range(0, WIDTH, 8))


if __name__ == "__main__":
    pictures = [picture(number) for number in range(1, 13)]
    with ProcessPoolExecutor(max_workers=4) as pool:
        greys = list(pool.map(grey, pictures))
        thumbnails = list(pool.map(thumbnail, pictures))
    print(len(greys), "grey copies,", sum(map(sum, greys)), "in all")
    print(len(thumbnails), "thumbnails of", len(thumbnails[0]), "bytes")
