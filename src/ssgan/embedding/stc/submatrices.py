"""Give the columns of the syndrome-trellis code's submatrix: the published ones, and ones drawn from a key.

A column is an integer, bit t its row t. Every column has its first and its last bit set, and the columns of one block differ;
almost every such code is equally good (T. Filler, J. Judas, J. Fridrich, "Minimizing additive distortion in steganography using
syndrome-trellis codes", IEEE TIFS 6(3), 2011), nearly so at widths 2 and 3 where the columns have no common divisor.
"""

from __future__ import annotations

import functools
import hashlib

import numpy as np
from numpy.typing import NDArray

LABEL = b"ssgan/stc/columns/2"
PUBLIC_KEY = b"the published tables end here"  # for what the tables leave out
WIDTHS = range(2, 21)  # of the published blocks


@functools.lru_cache(maxsize=256)
def published(height: int, width: int) -> NDArray[np.int64]:
    """Return int64 (width,): the columns of the DDE Lab toolbox (heights 7...12, widths 2...20), or publicly keyed ones."""
    if height not in _PUBLISHED or width not in WIDTHS:
        return keyed(height, width, PUBLIC_KEY)
    table = np.array(_PUBLISHED[height].split(), dtype=np.int64)  # the widths one after the other
    start = width * (width - 1) // 2 - 1
    columns = table[start : start + width]
    columns.setflags(write=False)
    return columns


def keyed(height: int, width: int, key: bytes, layer: int = 1) -> NDArray[np.int64]:
    """Return int64 (width,): columns of `height` bits drawn from `key`; another layer or height gives unrelated columns.

    A block's columns are the first of `sequence`; a block wider than that repeats it in order.
    """
    columns = np.resize(sequence(height, key, layer), width)
    columns.setflags(write=False)
    return columns


@functools.lru_cache(maxsize=256)
def sequence(height: int, key: bytes, layer: int = 1) -> NDArray[np.int64]:
    """Return int64 (2^(height - 2),): all columns with the first and the last bit set, in an order drawn from `key`.

    The stream is SHAKE-256 of LABEL, one byte of layer, one of height, and the key, read as little-endian 16-bit words. The low
    height - 2 bits of a word are a column's bits 1...height - 2. A column that is there already is skipped. Where the first two
    have a common divisor other than 1, as polynomials over GF(2), both are dropped and the reading continues.

    Without the rule of the divisor two pairs in five share one, and the coding loss grows by up to ten points.
    """
    wanted = 1 << (height - 2)
    head, size = LABEL + bytes([layer, height]) + key, 32 * wanted
    while True:
        found: dict[int, None] = {}  # keeps the order
        for word in np.frombuffer(hashlib.shake_256(head).digest(size), dtype="<u2").tolist():
            found[(word & (wanted - 1)) << 1 | 1 | 1 << (height - 1)] = None
            if len(found) == 2 and functools.reduce(_common_divisor, found) != 1:
                found.clear()
            if len(found) == wanted:
                columns = np.array(list(found), dtype=np.int64)
                columns.setflags(write=False)
                return columns
        size *= 2  # a longer digest begins with the shorter one


def _common_divisor(a: int, b: int) -> int:
    """Return the greatest common divisor of polynomials over GF(2), bit i the coefficient of x^i, by Euclid's algorithm."""
    while b:
        while a.bit_length() >= b.bit_length():
            a ^= b << (a.bit_length() - b.bit_length())
        a, b = b, a
    return a


# By height, the columns for widths 2, 3, ... 20 in a row: DDE Lab's toolbox (Binghamton University), as GitHub
# daniellerch/hstego carries it in src/common.cpp.
_PUBLISHED = {
    7: (
        "109 71 109 79 83 89 127 99 69 95 75 121 71 109 71 117 127 75 89 109 111 83 127 97 77 117 89 113 111 87 93 99 73 "
        "117 123 89 97 115 81 77 117 87 127 123 95 107 109 79 117 67 121 123 103 81 117 71 109 79 101 115 123 81 77 95 87 "
        "119 73 81 125 123 103 99 127 109 69 89 107 87 127 117 81 97 67 101 93 105 109 75 115 123 93 107 115 95 121 81 75 "
        "99 111 85 79 119 105 65 123 85 79 87 127 65 115 93 101 111 73 119 105 99 91 127 99 121 111 71 109 103 117 113 65 "
        "105 87 101 75 93 123 89 93 111 117 103 127 77 95 85 105 67 69 113 123 99 75 119 65 99 77 85 101 91 125 103 127 "
        "111 69 93 75 95 119 113 105 115 91 117 77 107 101 127 115 83 85 119 105 113 93 71 111 121 97 73 81 95 111 117 83 "
        "97 75 87 127 85 93 105 115 77 101 99 89 71 121 67 123 "
    ),
    8: (
        "247 149 143 187 233 235 141 161 207 219 185 151 255 197 251 159 217 167 221 133 201 143 231 251 189 169 155 143 "
        "245 177 253 217 163 155 197 233 145 219 185 231 215 173 129 243 139 201 177 167 213 253 227 199 185 159 183 145 "
        "223 199 245 139 187 157 217 237 163 223 145 137 219 197 243 247 189 135 181 207 235 229 205 237 187 135 241 183 "
        "163 151 243 213 137 159 205 165 239 211 231 247 133 227 219 189 249 185 149 129 131 213 255 207 227 221 173 185 "
        "197 147 235 247 217 143 229 247 139 157 223 187 147 177 249 165 153 161 227 237 255 207 197 205 139 239 183 147 "
        "187 249 225 253 163 173 233 209 159 255 149 197 177 173 195 137 211 249 191 135 175 155 229 215 203 225 247 237 "
        "221 227 159 189 195 163 255 147 219 247 231 157 139 173 185 197 207 245 193 241 233 235 179 219 253 241 131 213 "
        "231 247 223 201 193 191 249 145 237 155 165 141 173 "
    ),
    9: (
        "339 489 469 441 379 371 439 277 479 413 489 443 327 357 509 453 363 409 425 303 377 337 443 487 467 421 299 497 "
        "349 279 395 365 427 399 297 435 373 395 507 441 325 279 289 319 301 379 509 411 293 467 455 261 343 447 367 289 "
        "445 397 491 279 373 315 435 473 327 465 379 319 275 293 407 373 427 445 497 347 417 473 401 267 311 359 347 333 "
        "441 405 381 497 463 269 467 283 405 303 269 337 385 441 511 361 455 355 353 311 489 311 259 287 445 471 419 345 "
        "289 391 405 411 371 457 331 493 427 305 309 339 447 381 335 323 423 453 457 443 313 371 353 271 301 483 401 369 "
        "367 435 329 319 473 441 491 325 455 389 341 317 333 311 509 319 391 441 279 467 263 487 393 405 473 303 353 337 "
        "451 365 301 477 361 445 505 363 375 277 271 353 337 503 457 357 287 323 435 345 497 281 361 413 287 475 359 483 "
        "351 337 425 453 423 301 309 331 499 507 277 375 471 "
    ),
    10: (
        "519 885 579 943 781 685 663 947 805 959 729 679 609 843 959 973 793 747 573 659 631 559 1023 805 709 913 979 607 "
        "867 731 1013 625 973 825 925 743 727 851 961 813 605 527 563 867 863 921 943 523 653 969 563 597 753 621 729 747 "
        "901 839 815 935 777 641 1011 603 973 581 831 659 877 781 929 1003 1021 655 729 983 611 873 1013 859 887 579 697 "
        "769 927 679 683 911 753 733 991 767 845 977 923 609 633 769 533 829 859 759 687 657 781 663 731 829 851 941 601 "
        "997 719 675 947 939 657 549 647 619 879 681 601 1015 797 737 841 839 869 931 789 767 547 823 635 855 567 591 "
        "1019 745 945 769 671 803 799 925 701 517 653 885 731 581 887 643 785 611 905 669 703 1017 575 763 625 869 731 "
        "861 847 941 933 577 867 991 1021 709 599 741 933 921 619 789 957 791 969 525 591 763 657 683 829 1009 1003 901 "
        "715 643 803 805 975 667 619 569 769 685 767 853 671 881 907 955 523 "
    ),
    11: (
        "1655 1493 1859 1481 1119 1395 1737 1973 1259 1339 1067 1679 1641 2021 1657 1331 1783 2043 1097 1485 1611 1141 "
        "1849 2001 1511 1359 1245 1215 1733 1461 2025 1251 1945 1649 1851 1275 1373 1841 1509 1631 1737 1055 1891 1041 "
        "1715 1117 1503 2025 1027 1959 1365 1739 1301 1233 1101 1127 1145 1157 1195 1747 1885 1527 1325 2033 1935 1369 "
        "1255 1809 1889 1183 1495 1223 1781 2029 1327 1075 1065 1157 1499 1871 1365 1559 1149 1293 1571 1641 1971 1807 "
        "1673 2023 1929 1533 1135 1359 1547 1723 1529 1107 1273 1879 1709 1141 1897 1161 1861 1801 1675 1699 1103 1665 "
        "1657 1287 1459 2047 1181 1835 1085 1377 1511 1915 1753 1945 1391 1205 1867 1895 1439 1719 1185 1685 1139 1229 "
        "1791 1821 1295 1193 1951 1469 1737 1047 1227 1989 1717 1735 1643 1857 1965 1405 1575 1907 1173 1299 1641 1887 "
        "1129 1357 1543 1279 1687 1975 1839 1775 1109 1337 1081 1435 1603 2037 1249 1153 1999 1065 1387 1977 1555 1915 "
        "1219 1469 1889 1933 1819 1315 1319 1693 1143 1361 1815 1109 1631 1253 1051 1827 1871 1613 1759 2015 1229 1585 "
        "1057 1409 1831 1943 1491 1557 1195 1339 1449 1675 1679 "
    ),
    12: (
        "3475 2685 3865 2883 2519 4019 3383 3029 2397 2725 3703 3391 2235 2669 2489 3151 2695 3353 4029 3867 2467 2137 "
        "3047 3881 3125 2683 3631 2739 3163 2137 4031 2967 3413 3749 2301 3443 2305 3365 2231 2127 3697 3535 4041 2621 "
        "3641 2777 2789 2357 3003 2729 3229 2925 3443 2291 3567 2361 2061 2219 3905 2285 2871 3187 2455 2783 2685 4043 "
        "2615 2385 3911 3267 2871 3667 3037 2905 2921 2129 2299 2315 2997 3743 2729 3117 2297 2585 3141 3283 3943 3613 "
        "3345 4047 3967 3069 3377 3909 3691 2439 2533 3075 2129 3319 3433 3035 2745 2631 3023 3349 2111 2385 3907 3959 "
        "3425 3801 2135 2671 2637 2977 2999 3107 2277 2713 2695 3447 2537 2685 3755 3953 3901 3193 3107 2407 3485 2097 "
        "3091 2139 2261 3065 4059 2813 3043 2849 3477 3205 3381 2747 3203 3937 3603 3625 3559 3831 2243 2343 3999 3183 "
        "2717 2307 2103 3353 2761 2541 2375 2327 3277 2607 3867 3037 2163 2261 3649 2929 2543 2415 3867 3709 3161 2369 "
        "4087 2205 3785 2515 2133 2913 3941 3371 2605 3269 3385 3025 2323 2939 2775 3663 2413 2573 2205 3821 3513 2699 "
        "3379 2479 2663 2367 2517 3027 3201 3177 3281 4069 2069 "
    ),
}
