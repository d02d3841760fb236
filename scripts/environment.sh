# Sourced by demo and test, called by matrix: make a virtual environment once, with slimcam and its extras in it.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
environments="${SLIMCAM_ENVIRONMENTS:-$root/.venvs}"

# newest_python: print the newest Python between 3.9 and 3.13 that can make a virtual environment here.
newest_python() {
    for minor in 13 12 11 10 9; do
        python_of "3.$minor" && return
    done
    echo "no Python 3.9 to 3.13 with the module venv was found" >&2
    return 1
}

# python_of VERSION: print a Python of that version (3.7, say) that runs and has venv; it may lie in pyenv's folder.
python_of() {
    for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python python3; do
        [ "$("$candidate" -c 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$1" ] &&
            { "$candidate" -c 'import sys; print(sys.executable)'; return; }
    done
    return 1
}

# environment PYTHON EXTRAS [PIN...]: make the environment if there is none of that kind yet, and print its folder.
# It is named after the first pin (tensorflow==2.3.4, say); an environment that could not be made is made again.
environment() {
    local name folder want
    name="$("$1" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')-${2//,/-}${3:+-${3/==/}}"
    folder="$environments/$name"
    want="$(cat "$root/setup.py" "$root/slimcam/_packages.py" - <<<"${*:3}" | cksum)"
    if [ "$(cat "$folder/made-for" 2>/dev/null)" != "$want" ]; then
        echo "making $folder (some minutes: TensorFlow is large)" >&2
        "$1" -m venv --clear "$folder" >&2 &&
            "$folder/bin/python" -m pip install --quiet --upgrade pip >&2 &&
            "$folder/bin/python" -m pip install --quiet --editable "$root[$2]" "${@:3}" >&2 || return 1
        echo "$want" >"$folder/made-for"
    fi
    echo "$folder"
}
