#!/usr/bin/env bash
# Takes the figures on a machine with an NVIDIA GPU that may have no network and may be there for minutes only.
#
# It needs Linux, Python 3.11 or newer, a driver for CUDA 13, and CUDA's libraries: those in NVIDIA's wheels, as torch
# brings them, or the system's. torch and transformers are used where they are, for the comparison; nothing else is
# needed there. Everything from the repository's root:
#
#   with a network     benchmarks/gpu/run.sh prepare      fetches wheels and cuts them: build/gpu-bench/carry/1, 2, ...
#   on the machine     benchmarks/gpu/run.sh arrive N     takes part N over; once for each, the folder may come alone
#                      benchmarks/gpu/run.sh run          as many steps as fit into STEP_S; again until nothing is left
#   anywhere           benchmarks/gpu/run.sh keep FILE    takes gpu-results.tar.gz over, as `run` leaves it in OUT
#                      benchmarks/gpu/run.sh table        what the results say, and which goals are met
#                      benchmarks/gpu/run.sh list         the steps, and which are done
#
# Where the machine has a network and an environment with glm-lsp[gpu] (`make install EXTRA=gpu`), PYTHON names its
# interpreter and `run` is all there is to do. `all` is `run` until nothing is left, then `table`: with DEVICE=cpu
# SHAPES=tiny it rehearses everything on the CPU in minutes.
#
# Set by environment: SHAPES ("6b 9b", also "tiny"), DEVICE (cuda), STEP_S seconds of one `run` (540), RESULTS
# (benchmarks/results/gpu), OUT for what is brought back (build/gpu-bench/out), WORK for models and wheels, which needs
# 20 GB (/tmp/glm-gpu), PYTHON, PEER_PYTHON (python3) for torch, TARGET (3.12) and PART_MIB (45) for `prepare`, and
# CAPACITY, SECONDS_EACH, KEYS, REQUESTS of the measurements (plan.py).

set -euo pipefail
cd "$(dirname "$0")/../.."

here=benchmarks/gpu
build=build/gpu-bench
carry=${CARRY:-$build/carry}
out=${OUT:-$build/out}
export RESULTS=${RESULTS:-benchmarks/results/gpu}
export WORK=${WORK:-/tmp/glm-gpu}
export PEER_PYTHON=${PEER_PYTHON:-python3}
export GLM_LSP_HOME=$WORK/home PYTHONPATH=$PWD PYTHONUNBUFFERED=1 ORT_DISABLE_TELEMETRY=1
export HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false

say() { echo "[$(date -u +%H:%M:%S) +${SECONDS}s] $*"; }

prepare() {
  local target=${TARGET:-3.12} platforms=()
  for platform in manylinux_2_28 manylinux_2_27 manylinux_2_24 manylinux_2_17 manylinux2014 manylinux1; do
    platforms+=(--platform "${platform}_x86_64")
  done
  rm -rf "${build:?}/wheels" "${carry:?}"
  mkdir -p "$build/wheels" "$carry"
  python3 "$here/requirements.py" >"$build/requirements.txt"
  python3 -m pip download --quiet --only-binary=:all: --python-version "$target" --implementation cp "${platforms[@]}" \
    --dest "$build/wheels" --requirement "$build/requirements.txt"
  tar -C "$build" -cf "$build/wheels.tar" wheels
  split --bytes="${PART_MIB:-45}M" --numeric-suffixes=1 --suffix-length=2 "$build/wheels.tar" "$build/part."
  rm "$build/wheels.tar"
  local number=0
  for part in "$build"/part.*; do
    number=$((number + 1))
    mkdir -p "$carry/$number"
    mv "$part" "$carry/$number/"
  done
  (cd "$carry" && sha256sum ./*/part.* | sed 's|\./[0-9]*/||') >"$build/SHA256SUMS"
  for folder in "$carry"/*/; do cp "$build/SHA256SUMS" "$folder"; done
  say "$number parts in $carry, $(du -sh "$carry" | cut -f1)"
}

arrive() { # N
  local parts=$WORK/parts
  mkdir -p "$parts"
  cp -f "$carry/$1"/part.* "$carry/$1/SHA256SUMS" "$parts/"
  (cd "$parts" && sha256sum --check --ignore-missing --quiet SHA256SUMS) || { say "part $1 is damaged"; return 1; }
  say "parts here: $(find "$parts" -name 'part.*' | wc -l) of $(wc -l <"$parts/SHA256SUMS")"
}

# An environment of its own, without the system's packages: a second onnxruntime among them would take this one's place.
environment() {
  if [ -n "${PYTHON:-}" ]; then return; fi
  local venv=$WORK/venv site
  PYTHON=$venv/bin/python
  if [ -e "$venv/complete" ]; then return; fi
  (cd "$WORK/parts" && sha256sum --check --quiet SHA256SUMS) ||
    { say "parts are missing: run \`arrive\` for each, or name an environment with PYTHON"; return 1; }
  cat "$WORK"/parts/part.* | tar -C "$WORK" -xf -
  python3 -m venv --without-pip --clear "$venv"
  site=$("$PYTHON" -c 'import site; print(site.getsitepackages()[0])')
  python3 -m pip install --quiet --no-index --no-deps --no-compile --no-cache-dir --target "$site" "$WORK"/wheels/*.whl
  # NVIDIA's wheels, where ONNX Runtime looks first.
  local nvidia
  nvidia=$(python3 -c 'import nvidia; print(next(iter(nvidia.__path__)))' 2>/dev/null || true)
  if [ -n "$nvidia" ]; then ln -sfn "$nvidia" "$site/nvidia"; else say "no NVIDIA wheels beside python3; the system's libraries will have to do"; fi
  touch "$venv/complete"
  say "environment: $("$PYTHON" --version), $("$PYTHON" -c 'import onnxruntime as o; print("onnxruntime", o.__version__)')"
}

libraries() {
  if [ "${DEVICE:-cuda}" = cpu ]; then return; fi
  "$PYTHON" - <<'PROGRAM'
import onnxruntime

from glm_lsp.engine.cuda.gpu import find_gpus
from glm_lsp.engine.cuda.libraries import preload

survey, found = find_gpus(), preload(onnxruntime)
print("GPU:", *[f"{gpu.name}, driver {gpu.driver}, CUDA {gpu.cuda_version}" for gpu in survey.gpus] or [survey.reason])
print("CUDA libraries found:", ", ".join(found.found) or "none")
print("missing, and needed:", ", ".join(found.missing) or "none")
print("missing, and not needed:", ", ".join(found.without) or "none")
PROGRAM
}

bring() {
  mkdir -p "$out"
  tar -C "$(dirname "$RESULTS")" -czf "$out/gpu-results.tar.gz" "$(basename "$RESULTS")"
}

run() {
  mkdir -p "$WORK" "$RESULTS"
  environment
  libraries || true
  trap bring EXIT
  STEP_S=$((${STEP_S:-540} - SECONDS)) "$PYTHON" "$here/plan.py" run
}

all() {
  environment
  while STEP_S=${STEP_S:-540} "$PYTHON" "$here/plan.py" run | tee "$WORK/said" && ! grep -q "nothing is left" "$WORK/said"; do :; done
  table
}

table() { "${PYTHON:-python3}" "$here/report.py" "$RESULTS"; }

case ${1:-} in
prepare) prepare ;;
arrive) arrive "${2:?number of a part}" ;;
run) run ;;
all) mkdir -p "$WORK" "$RESULTS" && all ;;
keep) mkdir -p "$(dirname "$RESULTS")" && tar -C "$(dirname "$RESULTS")" -xzf "${2:?file}" ;;
table) table ;;
list) "${PYTHON:-python3}" "$here/plan.py" list ;;
*)
  sed -n '2,/^$/s/^# \{0,1\}//p' "$0"
  exit 2
  ;;
esac
