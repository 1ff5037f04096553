# shellcheck shell=bash disable=SC2154,SC2034
# halfulp size --runtime, against figures that engines printed in public: fixtures/runtime/logs.tsv.
. "$srcdir/tests/tap.sh"

size() { "$halfulp" size "$@"; }
configs=$srcdir/fixtures/configs
logs=$srcdir/fixtures/runtime/logs.tsv

# Of a device: --memory makes the sum.
on_device() { # FILTER CONFIG SETTING…
    local filter=$1 config=$2
    shift 2
    size "$configs/$config.json" "$@" --context 16 --memory 1TiB --json | jq -r "$filter"
}

# What the program says of one figure; nothing where it says nothing.
figure() { # WHAT CONFIG SETTING…
    local what=$1 config=$2 filter
    shift 2
    case $what in
    kv_cache | kv_cache_per_device) filter=.kv_cache.bytes ;;
    kv_window) filter=.kv_cache.window_bytes ;;
    kv_self) filter='.kv_cache.bytes - .kv_cache.cross_bytes' ;;
    kv_cross) filter=.kv_cache.cross_bytes ;;
    state) filter=.kv_cache.state_bytes ;;
    tokens) filter=.kv_cache.tokens ;;
    blocks) filter='.kv_cache.tokens / .kv_cache.page_tokens' ;;
    weights) filter='.weights[0].bytes' ;;
    compute) filter='.terms[] | select(.name == "compute buffer").bytes' ;;
    allocated) filter='.weights[0].bytes + .kv_cache.bytes' ;;
    training) filter=.training.one_micro_batch ;;
    device) filter='.weights[0].bytes + .kv_cache.bytes + (.terms[] | select(.name == "runtime overhead, at most").bytes)' ;;
    weights_per_device)
        on_device '.fit.needed - .kv_cache.bytes' "$config" "$@"
        return
        ;;
    vllm)
        on_device '.fit.needed - .kv_cache.bytes + .kv_cache.tokens * .kv_cache.bytes_per_token + (.fit.runtime_overhead | .low + .high) / 2' "$config" "$@"
        return
        ;;
    total) filter='.weights[0].bytes + .kv_cache.bytes + (.terms[] | select(.name == "compute buffer").bytes)' ;;
    *) return 1 ;;
    esac
    size "$configs/$config.json" "$@" --json | jq -r "$filter"
}

# Bytes are met to the byte; what a rounded figure stands for within half of its last digit, as
# tokens and blocks are of memory that was printed rounded; weights, and the total of weights, cache and compute
# buffer, within 5 %, as engines keep tables besides.
agrees() { # WHAT PRINTED UNIT BYTES OURS
    awk -v what="$1" -v printed="$2" -v unit="$3" -v bytes="$4" -v ours="$5" 'BEGIN {
        if (ours == "" || ours == "null") exit 1
        if (what == "tokens" || what == "blocks") exit !(ours >= printed * 0.998 && ours <= printed * 1.002)
        if (bytes != "-") exit !(ours == bytes)
        scale = unit == "GiB" ? 1073741824 : unit == "MiB" ? 1048576 : unit == "GB" ? 1e9 : 1e6
        exit !(ours >= 0.95 * printed * scale && ours <= 1.05 * printed * scale)
    }'
}

if ! command -v jq >/dev/null; then
    skip "figures of engines" "jq is not installed"
    finish
    exit
fi
met=0
while IFS=$'\t' read -r engine config settings what printed unit bytes source _; do
    case $engine in '#'* | '') continue ;; esac
    if [ "$config" = - ]; then
        skip "$engine, $what $printed $unit ($source)" "no public config of that model"
        continue
    fi
    # shellcheck disable=SC2086
    ours=$(figure "$what" "$config" $settings 2>"$scratch/why")
    if agrees "$what" "$printed" "$unit" "$bytes" "$ours"; then
        pass "$engine, $config, $what $printed $unit ($source)"
        met=$((met + 1))
    else
        fail "$engine, $config, $what $printed $unit ($source)" "$settings: $ours, not $bytes: $(head -c 300 "$scratch/why")"
    fi
done <"$logs"
holds "at least 20 figures are met" test "$met" -ge 20

# The option itself.
llama=$configs/llama-3-8b.json
exits "an unknown engine" 2 "'ollama' is none of: transformers, llama.cpp, vllm" size "$llama" --runtime ollama
exits "an unknown setting" 2 "'pages' is no setting of vllm, which has block=N" size "$llama" --runtime vllm,pages
told() { # ENGINE: its settings as a wrong one is answered, and as --help has them
    local answer
    answer=$(size "$llama" --runtime "$1,wrong" 2>&1 | sed 's/.*which has //')
    [ "$answer" ] && COLUMNS=1000 size --help | tr '\n' ' ' | grep -qF "$1 has $answer"
}
holds "--help has the settings of llama.cpp" told llama.cpp
holds "--help has the settings of vllm" told vllm
exits "a setting of another engine" 2 "'ubatch=512' is no setting of vllm" size "$llama" --runtime vllm,ubatch=512
exits "a setting without its number" 2 "'ubatch' is no setting" size "$llama" --runtime llama.cpp,ubatch
exits "a flag with a number" 2 "'unified=1' is no setting" size "$llama" --runtime llama.cpp,unified=1
exits "no count" 2 "ubatch: 'x' is no count" size "$llama" --runtime llama.cpp,ubatch=x
exits "no size" 2 "available: 'much' is no size in bytes" size "$llama" --runtime vllm,available=much
# 74,797,985,600 pages, of which a request of 10^12 tokens takes 1,838,235,298: the product of the two is over 64 bits.
tokens_held() { size "$configs/qwen3-next-80b-a3b.json" --context 1000000000000 --runtime vllm,available=1000PB --json | jq .kv_cache.tokens; }
prints "tokens are told of more memory than 64 bits multiply" 40690104080462 tokens_held
sum_names_it() { size "$llama" --context 8k --runtime llama.cpp | grep -q '+ llama.cpp 0.5–0.9 ='; }
holds "the sum names the engine" sum_names_it
# 512 × (128,256 + 4,096) × 4 bytes: "CUDA0 compute buffer size = 258.50 MiB" in llama.cpp's logs of Llama 3 8B.
compute_buffer() { [ "$(size "$llama" --context 8k --runtime llama.cpp --json | jq '.terms[] | select(.name == "compute buffer").bytes')" = 271056896 ]; }
holds "llama.cpp's compute buffer" compute_buffer
# 512 × (8,192 × 33 + 4 × 4,096) × 4 bytes: 560.00 MiB where flash_attn = 0.
unfused_buffer() { [ "$(size "$llama" --context 8k --runtime llama.cpp,no-flash --json | jq '.terms[] | select(.name == "compute buffer").bytes')" = 587202560 ]; }
holds "llama.cpp's compute buffer without fused attention" unfused_buffer
unified_once() {
    local one four
    one=$(size "$configs/gemma-3-27b.json" --context 32k --runtime llama.cpp,unified,parallel=1 --json | jq '.kv_cache | .bytes - .window_bytes')
    four=$(size "$configs/gemma-3-27b.json" --context 32k --runtime llama.cpp,unified,parallel=4 --json | jq '.kv_cache | .bytes - .window_bytes')
    [ "$one" = "$four" ]
}
holds "a unified cache has its global half once" unified_once
full_window() { [ "$(size "$configs/gemma-3-27b.json" --context 32k --runtime llama.cpp,swa-full --json | jq '.kv_cache | .bytes == .capacity_bytes')" = true ]; }
holds "swa-full keeps everything" full_window
finish
