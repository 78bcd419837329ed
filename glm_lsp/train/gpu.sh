#!/usr/bin/env bash
# Trains the starter on a machine with one GPU and no network, in a few short visits.
#
# The machine takes a folder of at most 55 MB per visit beside this repository, hands back at most four files of 15 MiB
# and a few small ones per visit, and may vanish after any of them. It needs Python 3.11 or newer with torch 2.11 or
# newer (CUDA), numpy and tokenizers, and nothing else. A visit lasts less than ten minutes; what runs on between two
# visits is the trainer, which is a process of its own session.
#
# Step by step, everything from the repository's root:
#
#   here     python -m glm_lsp.train.corpus pack CORPUS/train.jsonl PARTS --max-mb 50
#   here     glm_lsp/train/gpu.sh prepare TOKENIZER VALID.jsonl PART1.jsonl.xz
#            fills build/gpu/carry; take it along
#   there    glm_lsp/train/gpu.sh a
#            self-test, which also chooses how to compute; starts to train; brings the weights
#   here     glm_lsp/train/gpu.sh prepare TOKENIZER VALID.jsonl PART2.jsonl.xz
#   there    glm_lsp/train/gpu.sh b
#            the second part joins the first; trains on; brings the weights
#   there    glm_lsp/train/gpu.sh c
#            lets the learning rate fall, ends, scores 1 MB of held-out text, brings the weights
#   there    glm_lsp/train/gpu.sh more                        once more if weights.json names parts that are missing
#   here     glm_lsp/train/gpu.sh join FOLDER RUN             FOLDER holds what came back; writes RUN/weights.pt
#   here     the release as after a training run on a CPU, from RUN/weights.pt (docs/training.md)
#
# `status` prints where the run stands. If the machine is gone, give `prepare` the folder that came back as a fourth
# argument and begin again with `a`: training goes on from those weights, at the place in the schedule they had.
#
# Set by environment: RECIPE (m12), PLAN_SECONDS of training in all (1080), VISIT_SECONDS of one command (570),
# SELFTEST_SECONDS (240), HOLD=1 for visits of a run that ends in another (no decay in `a` and `b`), OUT for what is brought, PYTHON,
# DEVICE (auto), TRAIN_OPTIONS and SELFTEST_OPTIONS for more.

set -euo pipefail
cd "$(dirname "$0")/../.."

recipe=${RECIPE:-m12}
plan=${PLAN_SECONDS:-1080}
visit=${VISIT_SECONDS:-570}
reserve=${RESERVE_SECONDS:-40} # to write, cut and hand over the weights
carry=${CARRY:-build/gpu/carry}
state=${STATE:-build/gpu/state}
out=${OUT:-build/gpu/out}
device=${DEVICE:-auto}
python=${PYTHON:-python3}
read -ra train_options <<<"${TRAIN_OPTIONS:-}"
read -ra selftest_options <<<"${SELFTEST_OPTIONS:-}"

run=$state/run
export PYTHONPATH=. PYTHONUNBUFFERED=1 TOKENIZERS_PARALLELISM=false
export TORCHINDUCTOR_CACHE_DIR=${TORCHINDUCTOR_CACHE_DIR:-$(realpath -m "$state")/inductor}
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}

say() { echo "[$(date -u +%H:%M:%S) +${SECONDS}s] $*"; }

prepare() { # TOKENIZER VALID PART [FOLDER of weights.*]
  mkdir -p "$carry"
  rm -rf "${carry:?}"/*
  cp "$1" "$carry/tokenizer.json"
  # Every k-th held-out file, as many as the trainer scores.
  local every
  every=$(($(wc -c <"$2") / 2500000 + 1))
  awk "NR % $every == 0" "$2" | xz -6 >"$carry/valid.jsonl.xz"
  mkdir "$carry/corpus"
  case $3 in
  *.xz) cp "$3" "$carry/corpus/" ;;
  *) xz -6 -c "$3" >"$carry/corpus/$(basename "$3").xz" ;;
  esac
  if [ $# -gt 3 ]; then cp "$4"/weights.* "$carry/"; fi
  local bytes
  bytes=$(find "$carry" -type f -printf '%s\n' | awk '{ s += $1 } END { print s }')
  say "$carry: $((bytes / 1000)) kB of at most 55000"
  [ "$bytes" -le 55000000 ]
}

arrive() {
  mkdir -p "$state/corpus" "$run" "$out"
  [ -d "$carry" ] || return 0
  cp -f "$carry"/tokenizer.json "$carry"/valid.jsonl.xz "$state/"
  cp -f "$carry"/corpus/* "$state/corpus/"
  if [ -e "$carry/weights.json" ] && [ ! -e "$run/checkpoint.pt" ] && [ ! -e "$run/weights.pt" ]; then
    "$python" -m glm_lsp.train.parts join "$carry" "$run/weights.pt"
  fi
}

choose_options() {
  [ -e "$state/options" ] && return
  say "self-test"
  local status=0
  timeout "${SELFTEST_SECONDS:-240}" "$python" -m glm_lsp.train.selftest "$recipe" "$state/selftest" \
    --options-to "$state/options" "${selftest_options[@]}" >"$state/selftest.log" 2>&1 || status=$?
  cat "$state/selftest.log"
  # Out of time: compilation that takes long is likelier than none that works.
  if [ "$status" = 124 ] && [ "$device" != cpu ] && ! grep -qs flex "$state/options"; then
    echo "--attention dense --set micro_batch=8" >"$state/options"
  fi
  [ -e "$state/options" ] || echo "--attention dense --eager --set micro_batch=8" >"$state/options"
}

is_running() { # also false for a process that has ended and that nobody has asked after
  local pid
  pid=$(cat "$state/pid" 2>/dev/null) || return 1
  [ -d "/proc/$pid" ] && ! grep -q '^State:.*Z' "/proc/$pid/status" 2>/dev/null
}

halt() {
  is_running || return 0
  kill -TERM "$(cat "$state/pid")"
  for _ in $(seq 120); do
    is_running || return 0
    sleep 0.5
  done
  say "the trainer did not stop"
  return 1
}

launch() { # more options
  local chosen
  read -ra chosen <"$state/options"
  [ "${HOLD:-}" = 1 ] && chosen+=(--hold)
  say "training: ${chosen[*]} $*"
  # Until the trainer handles it, the signal that asks for weights must not end it.
  setsid bash -c 'trap "" USR1; echo $$ >"$0"; exec "$@"' "$state/pid" \
    "$python" -m glm_lsp.train.trainer "$recipe" "$state/corpus" "$state/tokenizer.json" "$run" \
    --deadline "$plan" --device "$device" --valid "$state/valid.jsonl.xz" --peak-tflops "${PEAK_TFLOPS:-989}" \
    --checkpoint-every 120 "${chosen[@]}" "${train_options[@]}" "$@" \
    </dev/null >>"$state/train.log" 2>&1 &
  sleep 1
}

watch() { # until the visit is over or the trainer has ended
  local next=0
  while is_running && [ "$SECONDS" -lt $((visit - reserve)) ]; do
    sleep 1
    if [ "$SECONDS" -ge "$next" ]; then
      tail -n 1 "$run/metrics.jsonl" 2>/dev/null || true
      next=$((SECONDS + 30))
    fi
  done
}

status() {
  if is_running; then say "training"; else say "not training"; fi
  tail -n 3 "$run/metrics.jsonl" 2>/dev/null || true
  grep bpb "$run/metrics.jsonl" 2>/dev/null | tail -n 3 || true
  tail -n 5 "$state/train.log" 2>/dev/null || true
}

bring() {
  if is_running; then
    touch "$state/asked"
    kill -USR1 "$(cat "$state/pid")"
    for _ in $(seq 60); do
      if [ "$run/weights.pt" -nt "$state/asked" ] || ! is_running; then break; fi
      sleep 0.5
    done
  fi
  status
  [ -e "$run/weights.pt" ] || { say "there are no weights yet"; return 1; }
  rm -rf "$state/parts"
  "$python" -m glm_lsp.train.parts split "$run/weights.pt" "$state/parts"
  hand_over 0 1 2 3
  cp "$run/metrics.jsonl" "$out/" 2>/dev/null || true
  { cat "$state/selftest.log" 2>/dev/null || true; tail -n 200 "$state/train.log"; } >"$out/log.txt"
  say "brought: $(ls "$out" | tr '\n' ' ')"
}

hand_over() { # numbers of parts; the machine hands back only so many at once
  for number in "$@"; do
    if [ -e "$state/parts/weights.0$number" ]; then cp "$state/parts/weights.0$number" "$out/"; fi
  done
  cp "$state/parts/weights.json" "$out/"
}

train() {
  arrive
  choose_options
  if is_running; then
    # Another trainer reads the new part of the corpus while the old one goes on, then takes its place.
    launch --take-over "$(cat "$state/pid")"
  else
    launch
  fi
  watch
  if ! is_running && [ ! -e "$run/metrics.jsonl" ]; then
    tail -n 20 "$state/train.log"
    say "the trainer failed at its start; once more, the plainest way"
    echo "--attention dense --eager --set micro_batch=8" >"$state/options"
    launch
    watch
  fi
  bring
}

finish() {
  arrive
  local left
  if is_running; then
    left=$((visit - reserve - SECONDS - 5))
    if [ "$left" -lt 20 ]; then left=20; fi
    # Takes effect unless the learning rate falls already.
    echo "$left" >"$run/decay-now"
    say "ending within $left s"
  else
    choose_options
    left=$((visit - reserve - SECONDS - 50)) # some for the start
    if [ "$left" -lt 20 ]; then left=20; fi
    HOLD='' launch --decay-now "$left"
  fi
  watch
  if is_running; then halt; fi
  bring
  "$python" -m glm_lsp.train.heldout "$recipe" "$run/weights.pt" "$state/tokenizer.json" "$state/valid.jsonl.xz" |
    tee "$out/heldout.json"
}

case ${1:-} in
prepare) shift && prepare "$@" ;;
a | b) train ;;
c) finish ;;
bring) mkdir -p "$out" && bring ;;
more) mkdir -p "$out" && hand_over 4 5 6 7 ;;
status) status ;;
stop) halt ;;
join) mkdir -p "$3" && "$python" -m glm_lsp.train.parts join "$2" "$3/weights.pt" ;;
*)
  sed -n '2,/^$/s/^# \{0,1\}//p' "$0"
  exit 2
  ;;
esac
