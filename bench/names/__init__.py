"""How often the mapping assistant is right: top-1 and top-5 on names it has never seen (R154).

`python -m bench.names [TG-263 worksheet.csv]` prints one table. Two sets:

* **written** (names.csv beside this): names as Danish and English clinics write them, with what each means,
  written down without asking the assistant. Ranked among the types they mean.
* **described** (where the worksheet of TG-263 is given; its column Description is in no table of the bank):
  ranked among all of its anatomic names.

How they are kept apart: a name in any table the assistant reads (TG-263, Danish names, lexicon) is left out
by the program, so that none is looked up. The rest is halved by the SHA-256 of the name: rankings may be
improved against the half `development` only; the half `apart` is what is told.
"""
