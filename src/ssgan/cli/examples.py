"""List examples for the end of each command's --help: a few command lines, each with its effect."""

from __future__ import annotations

# Command → its examples: a command line without `ssgan`, and what for.
EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "hide": (
        ('hide photo.png -m "Meet me at nine" -o out.png', "asks for a passphrase"),
        ("hide photo.png -f letter.txt -o out.png --key-file our.key", "a file, with a key that both sides hold"),
        ('hide --covers generated -m "Meet me at nine" -o out.png', "draws a cover; nothing is changed"),
        ('hide --album 24 -m "Meet me at nine" -o album --key-file our.key', "pictures that live through JPEG 75"),
        ("hide a.png b.png c.png -m text -o parts --threshold 2 --key-file our.key", "any two of the three give it back"),
    ),
    "hide-each": (
        ("hide-each photographs -f letter.txt --key-file our.key -o stegos", "one letter in every photograph"),
        ("hide-each shards --messages letters --key-file our.key -o stegos --to tars", "letters/a.txt is for a.png"),
    ),
    "reveal": (
        ("reveal out.png", "asks for the passphrase"),
        ("reveal album/* --key-file our.key", "the pictures of an album, after a messenger"),
        ("reveal parts/a.png parts/c.png -o letter.txt --key-file our.key", "a file that was spread over several"),
    ),
    "capacity": (
        ("capacity photo.png other.png", "how many bytes fit, exactly"),
        ("capacity --covers generated", "what every drawn cover takes"),
        ("capacity --album 24 --channel jpeg75", "what 24 pictures carry through JPEG 75"),
    ),
    "survive": (
        ("survive out.png --key-file our.key", "JPEG, resizing, saving: what the message lives through"),
        ("survive album/* --key-file our.key --through jpeg75 x2+jpeg80", "an album, and two changes only"),
        ("survive --before album --after received", "what a network did to your own pictures"),
    ),
    "keygen": (("keygen -o our.key", "both sides keep it"),),
    "demo": (
        ("demo --open", "the whole story, in about two minutes"),
        ("demo --quick -o look", "in less than one, into a folder of its own"),
    ),
    "serve": (
        ("serve", "the page, in the browser"),
        ("serve --runs runs --no-browser", "also shows trainings while they run; open the printed address yourself"),
    ),
    "train": (
        ("train faces.zip -o run --preset tiny --geometry celeba64", "the same command resumes it"),
        ("train faces.zip -o run --preset compact --dry-run", "what it would do, and cost"),
    ),
    "sample": (
        ("sample faces64 -n 48 -o covers --sheet look.png", "covers that nobody can generate a second time"),
        ("sample run -n 1000 -o covers --seed 1", "for research: the same every time"),
        ("sample faces64 -n 1000000 -o covers --to tars", "any number, 1,000 to a tar"),
        ("sample faces64 -n 48 -o covers --drawn", "as covers with a message are drawn"),
    ),
    "samples": (
        ("samples photographs -o photographs", "five free photographs, from scikit-image's wheel"),
        ("samples drawings -o drawings", "five computed pictures, without scikit-image"),
    ),
    "models": (
        ("models", "generators and detectors that come with the package"),
        ("models show faces64", "data, training and limits of one"),
        ("models verify", "compare their files with the digests"),
    ),
    "export": (
        ("export run -o generator.onnx", "compared with torch before it is written"),
        ("export run --to small --half", "weights in half the bytes"),
        ("export run --to mine --drawn --detail detail", "covers that a message draws"),
    ),
    "quality": (("quality covers faces.zip --geometry celeba64", "generated covers beside real ones"),),
    "simulate": (
        ("simulate photographs -o stegos --embedder hill@0.4 --seed 1", "a stego of each; the same command resumes"),
        ("simulate faces.zip -o stegos --geometry celeba64 --embedder lsb@0.4/plain", "from an archive, cut first"),
        ("simulate shards -o stegos --embedder hill@0.4 --to tars --engine ray", "any number, on a cluster"),
    ),
    "inspect": (
        ("inspect photo.png -o look.html", "every map on one page"),
        ("inspect photo.png -o maps --embedder wow@0.2", "as PNG files in a folder"),
        ("inspect photo.png out.png -o difference", "what differs between two images"),
    ),
    "detect": (
        ("detect photo.png", "does it hide something?"),
        ("detect pictures --sheet suspects.png --json", "a whole folder, with a page of the suspicious ones"),
    ),
    "train-detail": (("train-detail faces --geometry celeba64 -o detail", "photographs of faces; the same command resumes"),),
    "train-extractor": (("train-extractor faces64 -o extractor", "some hours on one core; the same command resumes"),),
    "train-detector": (
        ("train-detector faces --gray --embedder lsb@0.4/plain --detector xunet -o run", "the same command resumes"),
        (
            "train-detector faces --embedder lsb@0.4/plain --detector spam --null -o null",
            "without any stego: the error must be one half",
        ),
    ),
    "score": (
        ("score run pictures", "files, folders, zips, tars"),
        ("score run shards -o scores.parquet", "any number; the same command resumes"),
    ),
    "evaluate": (
        (
            "evaluate covers --embedder lsb@0.4/plain hill@0.4 --detector gncnn srm --seeds 3 -o judged",
            "the same command resumes",
        ),
        (
            "evaluate covers --embedder hill@0.4 --detector srm --against photographs.zip --geometry celeba64 -o beside",
            "and whether the covers themselves stand out",
        ),
        ("evaluate --scores of-covers.parquet of-stegos.parquet", "tables of any size"),
    ),
    "report": (("report judged", "tables and page of a finished evaluation"),),
    "reproduce": (
        ("reproduce table2 faces.zip --geometry celeba64 --size smoke -o again", "the paper's second table, in a minute"),
    ),
    "rank": (
        ("rank photographs", "the covers in which hill@0.4 shows least, first"),
        ("rank photographs --embedder lsb@0.2 --limit 100 --json", "for a program"),
    ),
    "estimate": (("estimate photographs", "LSB replacement: RS, sample pairs, weighted stego, chi-square"),),
    "features": (
        ("features photographs -o features.npz --set spam", "the same command resumes"),
        ("features photographs -o srm.parquet --set srm", "needs the extra parquet"),
        ("features shards -o spam --set spam --workers 8", "any number, as a folder of Parquet shards"),
    ),
    "list": (("list", "the schemes"), ("list detectors", "networks, and features with a classifier")),
    "doctor": (("doctor", "check this machine"), ("doctor --json", "the same for programs")),
    "completion": (
        ("completion bash --install", "Tab completes in every new shell"),
        ("completion zsh -o _ssgan", "only the script"),
    ),
}


def epilogue(command: str) -> str:
    """Return the examples of a command in Markdown; empty where there are none."""
    lines = [part for line, words in EXAMPLES.get(command, ()) for part in (f"    ssgan {line}", f"        # {words}")]
    return "\n".join(["Examples:", "", *lines]) if lines else ""
