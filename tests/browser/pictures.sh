#!/bin/sh
# The pictures of docs/report.md: runs of the azobenzene models of benchmarks/models/train.py, their page, and how a browser shows it.
#
#     sh tests/browser/pictures.sh PATH/rmd17 OUT
#
# PATH/rmd17 holds the official files, as `gaq data fetch rmd17 --molecule azobenzene` leaves them. Needs `make browser` first.
set -eu
cd "$(dirname "$0")/../.."
data=$1/rmd17_azobenzene_test_01.npz
out=$2
mkdir -p "$out"
gaq=.venv/bin/gaq
model() { ls "models/rmd17-azobenzene-$1.gaq" "runs/models/rmd17-azobenzene-$1.gaq" 2>/dev/null | head -n 1; }

$gaq evaluate "$(model fp32)" "$(model fp32-control)" "$(model naive-int8)" "$(model gaq-w4a8)" "$(model frame-w4a8)" "$(model w4)" \
  --data "$data" --limit 100 --rotations 4 --parent "$(model fp32)" --json "$out/evaluate.jsonl" --predictions "$out/predictions.npz"
for recipe in fp32 naive-int8 frame-w4a8; do
  $gaq md "$(model $recipe)" "$data" --steps 8000 --every 40 --log-every 10 --overwrite -o "$out/$recipe.xyz" \
    --json "$out/$recipe-md.jsonl"
done
$gaq bench "$(model fp32)" "$(model frame-w4a8)" "$(model w4)" --json "$out/bench.jsonl"
cp studies/few_bits/slots-azobenzene.jsonl "$out/slots.jsonl"
$gaq report "$out" "$(model frame-w4a8)" -o "$out/report.html"
node tests/browser/visit.js "$out/report.html" build/browser "$(command -v chromium)" docs/pictures >"$out/seen.json"
rm -f docs/pictures/page.pdf
