# shellcheck shell=bash
# Make or reuse the virtual environment of this checkout. Sourced by tools/run_tests.sh and
# tools/quickstart.sh, which then use "$VENV/bin/python":
#
#   ROOT=/path/to/checkout
#   source "$ROOT/tools/lib/setup_env.sh"
#   setup_env
#
# Exit status where it gives up: 10 no fitting Python, 11 no virtual environment, 12 disk full,
# 13 download failed, 14 installation failed, 15 a package does not import.
#
# Environment variables:
#   PYTHON               interpreter to use; default: python3, then python3.13 ... python3.10
#   MMAVSSL_VENV         where the environment is; default: .venv in the checkout
#   MMAVSSL_PIP_ARGS     more arguments of `pip install`, e.g. the index of CPU-only wheels
#   MMAVSSL_MIN_FREE_GB  disk space asked for before the first installation; default: 8

PYTHON_MIN=10  # Python 3.10 ...
PYTHON_MAX=13  # ... to 3.13; as python_requires in setup.py
TMP_FREE_GB=3  # what pip unpacks in the temporary folder, where that is another disk
VENV=${MMAVSSL_VENV:-$ROOT/.venv}
[[ $VENV = /* ]] || VENV=$PWD/$VENV
SETUP_LOG=$VENV/setup.log
SETUP_STAMP=$VENV/mmavssl-setup.stamp  # what was installed; written when all is done
MADE_HERE=$VENV/mmavssl-setup.made     # the environment was made by this script

say() { printf '%s\n' "$*"; }

# fail STATUS LINE...: print the lines as one message and leave.
fail() {
  local status=$1
  printf 'mmavssl setup: %s\n' "$2" >&2
  shift 2
  printf '%s\n' "$@" | sed 's/^/  /' >&2
  exit "$status"
}

# Print "major.minor.patch" of an interpreter; fails where it does not run.
python_version() {
  "$1" -c 'import sys; print("%d.%d.%d" % tuple(sys.version_info[:3]))' 2>/dev/null
}

fits() {
  local major minor
  IFS=. read -r major minor _ <<<"$1"
  [ "$major" = 3 ] && [ "$minor" -ge "$PYTHON_MIN" ] && [ "$minor" -le "$PYTHON_MAX" ]
}

# Set BASE_PYTHON to the first interpreter that fits.
find_python() {
  local candidate version found=''
  local candidates=(python3 python3.13 python3.12 python3.11 python3.10)
  [ -z "${PYTHON:-}" ] || candidates=("$PYTHON")
  for candidate in "${candidates[@]}"; do
    version=$(python_version "$candidate") || continue
    if fits "$version"; then
      BASE_PYTHON=$candidate
      return
    fi
    found="$found${found:+, }$candidate is $version"
  done
  fail 10 "needs Python 3.$PYTHON_MIN to 3.$PYTHON_MAX, but found: ${found:-none (${candidates[*]})}." \
    "Install one, e.g. with your system's package manager, conda or pyenv, and run this again." \
    "Name it where it is not on PATH:  PYTHON=/path/to/python3.11 bash $0"
}

# free_gb FOLDER: whole gigabytes free on its disk; nothing where `df` does not know.
free_gb() { df -Pk "$1" 2>/dev/null | awk 'NR == 2 { print int($4 / 1048576) }'; }

disk_of() { df -Pk "$1" 2>/dev/null | awk 'NR == 2 { print $1 }'; }

check_disk() {
  local folder=$1 need=$2 free
  free=$(free_gb "$folder")
  [ -z "$free" ] || [ "$free" -ge "$need" ] && return
  fail 12 "not enough disk space: $free GB free on the disk of $folder, $need GB needed." \
    "The packages (PyTorch above all) take about 5 GB, their download 3 GB more." \
    "Free some space, put the environment elsewhere (MMAVSSL_VENV=/big/disk/venv; TMPDIR for the" \
    "temporary files), or lower the bound (MMAVSSL_MIN_FREE_GB=...) where CPU-only wheels are used."
}

# Before the first installation only: a later one finds most packages in place.
check_disks() {
  local tmp=${TMPDIR:-/tmp} place
  place=$(dirname "$VENV")
  mkdir -p "$place"
  check_disk "$place" "${MMAVSSL_MIN_FREE_GB:-8}"
  [ "$(disk_of "$place")" = "$(disk_of "$tmp")" ] || check_disk "$tmp" "$TMP_FREE_GB"
}

# Whether the environment there can be used: its Python runs, fits, and has pip or can get it.
venv_works() {
  local version
  version=$(python_version "$VENV/bin/python") || return
  fits "$version" && {
    "$VENV/bin/python" -m pip --version || "$VENV/bin/python" -m ensurepip
  } >/dev/null 2>&1
}

make_venv() {
  local output
  check_disks
  say "Making a virtual environment with $BASE_PYTHON ($(python_version "$BASE_PYTHON")): $VENV"
  if output=$("$BASE_PYTHON" -m venv "$VENV" 2>&1) && venv_works; then
    touch "$MADE_HERE"
    return
  fi
  rm -rf "$VENV"
  fail 11 "could not make a virtual environment with $BASE_PYTHON." \
    "It said: $(printf '%s\n' "$output" | awk 'NF { line = $0 } END { print line }')" \
    'Debian and Ubuntu keep the venv module in a package of its own: apt install python3-venv' \
    '(python3.11-venv for python3.11). Or name another interpreter: PYTHON=/path/to/python3.'
}

# Whether $VENV may be removed: made by this script, left half-made, or empty.
is_ours_to_remove() {
  [ -e "$MADE_HERE" ] || [ -z "$(ls -A "$VENV" 2>/dev/null)" ] ||
    { [ -e "$VENV/pyvenv.cfg" ] && ! python_version "$VENV/bin/python" >/dev/null; }
}

# Leave a working environment in $VENV.
ensure_venv() {
  if venv_works; then return; fi
  if [ -e "$VENV" ] && ! is_ours_to_remove; then
    fail 11 "$VENV exists, but is no virtual environment of Python 3.$PYTHON_MIN to 3.$PYTHON_MAX." \
      'Remove it, or choose another place:  MMAVSSL_VENV=/path/to/venv'
  fi
  find_python
  if [ -e "$VENV" ]; then
    say "The virtual environment in $VENV is incomplete; making it anew."
    rm -rf "$VENV"
  fi
  make_venv
}

# What the installation depends on; another value means: install again.
fingerprint() {
  {
    cat "$ROOT/setup.py" "$ROOT/requirements/constraints.txt"
    printf '%s\n' "$ROOT" "${MMAVSSL_PIP_ARGS:-}"
  } | cksum
}

pip_install() {
  # shellcheck disable=SC2086  # several arguments in one variable
  "$VENV/bin/python" -m pip install --no-input --disable-pip-version-check --progress-bar off \
    ${MMAVSSL_PIP_ARGS:-} "$@" >>"$SETUP_LOG" 2>&1
}

# Explain a failed installation by what pip wrote since line $1 of the log.
explain_pip_failure() {
  local recent tail_lines
  recent=$(tail -n "+$1" "$SETUP_LOG")
  tail_lines=$(printf '%s\n' "$recent" | tail -n 8)
  if grep -qiE 'no space left on device|disk quota exceeded' <<<"$recent"; then
    fail 12 'the disk is full.' \
      "Free some space and run this again; what is installed already is kept. Log: $SETUP_LOG" \
      "$tail_lines"
  fi
  if grep -qE 'Retrying \(Retry|from versions: none|Connection|timed out|Incomplete|HTTP error|SSL' \
    <<<"$recent"; then
    fail 13 "a download failed: $(last_requirement <<<"$recent")" \
      'Check the network and run this again; what was downloaded already is kept.' \
      'Behind a proxy: set HTTPS_PROXY. With a mirror: set PIP_INDEX_URL, or MMAVSSL_PIP_ARGS.' \
      "The end of $SETUP_LOG:" "$tail_lines"
  fi
  fail 14 'pip could not install the packages.' "The end of $SETUP_LOG:" "$tail_lines"
}

# The package that pip was busy with, from its output on stdin.
last_requirement() {
  awk '/^ *(Collecting|Downloading|ERROR: No matching distribution found for) / {
         name = $0; sub(/^ *(Collecting|Downloading|ERROR: No matching distribution found for) /, "", name)
       } END { print (name == "" ? "see below" : name) }'
}

install_packages() {
  local first_line=1
  [ -f "$SETUP_LOG" ] && first_line=$(($(wc -l <"$SETUP_LOG") + 1))
  say "Installing mmavssl and its packages (the first time about 5 GB; log: $SETUP_LOG)"
  pip_install -c "$ROOT/requirements/constraints.txt" -e "${ROOT}[test]" ||
    explain_pip_failure "$first_line"
}

# `opencv-python` needs libGL, which a bare machine lacks; its headless variant does not.
ensure_cv2() {
  local version
  "$VENV/bin/python" -c 'import cv2' >>"$SETUP_LOG" 2>&1 && return
  version=$("$VENV/bin/python" -c \
    'from importlib.metadata import version; print(version("opencv-python"))' 2>/dev/null) ||
    fail 15 'opencv-python is not installed properly.' "See $SETUP_LOG."
  say "This machine lacks libraries of opencv-python; using opencv-python-headless $version."
  "$VENV/bin/python" -m pip uninstall --yes opencv-python opencv-python-headless \
    >>"$SETUP_LOG" 2>&1
  pip_install --no-deps "opencv-python-headless==$version" ||
    explain_pip_failure "$(wc -l <"$SETUP_LOG")"
}

# Print the error of the first package that does not import.
imports_work() {
  local output
  output=$("$VENV/bin/python" -c \
    'import torch, torchaudio, torchvision, timm, cv2, mmcv, mmengine.runner, av, mmavssl' 2>&1) &&
    return
  printf '%s\n' "$output" >>"$SETUP_LOG"
  printf '%s\n' "$output" | tail -n 1
  return 1
}

# Install into $VENV, and once more into a new one where an interrupted run left a broken one.
install_and_check() {
  local reused=$1 problem
  install_packages
  ensure_cv2
  problem=$(imports_work) && return
  if [ "$reused" = yes ] && [ -e "$MADE_HERE" ]; then
    say "The environment in $VENV is broken ($problem); making it anew."
    rm -rf "$VENV"
    ensure_venv
    install_and_check no
    return
  fi
  fail 15 'the packages are installed, but do not import.' "$problem" \
    "Remove $VENV and run this again. Log: $SETUP_LOG"
}

setup_env() {
  local wanted reused=no begin=$SECONDS
  wanted=$(fingerprint)
  if [ -f "$SETUP_STAMP" ] && [ "$(cat "$SETUP_STAMP")" = "$wanted" ] &&
    "$VENV/bin/python" -c '' 2>/dev/null; then
    return
  fi
  [ ! -x "$VENV/bin/python" ] || reused=yes
  ensure_venv
  rm -f "$SETUP_STAMP"
  install_and_check "$reused"
  printf '%s\n' "$wanted" >"$SETUP_STAMP"
  say "The environment is ready ($((SECONDS - begin)) s): $VENV"
}
