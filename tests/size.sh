# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# `halfulp size` and `halfulp tensors`, as a user types them.
. "$srcdir/tests/tap.sh"
configs="$srcdir/fixtures/configs"

# safetensors FILE HEADER BYTES: a file of that header and so many bytes of zeros.
safetensors() {
    local n=${#2} i
    for i in 0 1 2 3 4 5 6 7; do printf "\\x$(printf %02x $((n >> (8 * i) & 255)))"; done >"$1"
    printf '%s' "$2" >>"$1"
    truncate -s $((8 + n + $3)) "$1"
}

# key EXPRESSION COMMAND…: what jq makes of the command's JSON.
key() {
    local expression=$1
    shift
    "$@" --json | jq -r "$expression"
}

tensor() { # NAME DTYPE SHAPE FROM TO
    printf '"%s":{"dtype":"%s","shape":%s,"data_offsets":[%s,%s]}' "$@"
}

size() { "$halfulp" size "$@"; }
tensors() { "$halfulp" tensors "$@"; }

prints "7,000,559,616 parameters are 26.08 GiB in fp32 and 13.04 GiB in bf16" \
    "fp32 28002238464 26.08
bf16 14001119232 13.04" \
    key '.weights[] | "\(.dtype) \(.bytes) \(.gib * 100 | round / 100)"' size 7_000_559_616 --dtype fp32,bf16
prints "70B at 16 bits × 1.2 is 168 GB" 168000000000 \
    key '.weights[0].inference_bytes' size 70B --dtype bf16
prints "a billion fp32 parameters, A = 4 GB, B = 2 GB: 22 GB" "4000000000 4000000000 8000000000 22000000000" \
    key '.training | "\(.weights) \(.gradients) \(.optimizer) \(.total)"' \
    size 1e9 --train fp32 --activations 4GB --buffers 2GB
prints "tf32 takes 32 bits in memory" "32 4" key '.weights[0] | "\(.bits_per_parameter) \(.bytes)"' size 1 --dtype tf32
prints "block formats have fractions of bits" "4.25 8.25 4.5" \
    key '[.weights[].bits_per_parameter] | map(tostring) | join(" ")' size 1 --dtype mxfp4,mxfp8,q4_0
prints "what was not asked for is null" "null null null" \
    key '"\(.kv_cache) \(.training) \(.fit)"' size 7B
prints "terms say why the KV cache is not known" true \
    key '[.terms[] | select(.name == "KV cache")][0].formula | contains("--kv-heads")' size 7B
prints "the keys are the contract's" \
    "fit kv_cache model terms training weights" \
    key 'keys | join(" ")' size 7B
prints "a model's keys" "active_parameters architecture parameters source stored_bytes stored_elements" \
    key '.model | keys - ["modelled", "mtp_parameters", "notes", "quantization", "tensors", "trained_context"] | join(" ")' size 7B
prints "a verdict's keys" "fits headroom max_batch max_context memory widest_dtype" \
    key '.fit | keys - ["needed", "devices", "devices_context", "device", "weights", "runtime_overhead"] | join(" ")' \
    size 7B --memory 24GiB

llama=$configs/llama-3-8b.json
prints "a config gives its count and KV cache" "8030261248 131072 1073741824" \
    key '"\(.model.parameters) \(.kv_cache.bytes_per_token) \(.kv_cache.bytes)"' size "$llama" --context 8192
mkdir "$scratch/modelopt"
cp "$configs/llama-3-8b.json" "$scratch/modelopt/config.json"
echo '{"producer":{"name":"modelopt"},"quantization":{"quant_algo":"NVFP4","group_size":16,"exclude_modules":["lm_head"]}}' >"$scratch/modelopt/hf_quant_config.json"
# 6,979,321,856 weights of 224 matrices in 4.5 bits and two scales of 4 bytes, 1,050,939,392 others in bf16.
prints "ModelOpt's file beside the config says how the weights are stored" "modelopt $((6979321856 / 16 * 9 + 224 * 8 + 2 * 1050939392))" \
    key '"\(.model.quantization) \(.model.stored_bytes)"' size "$scratch/modelopt"
echo '{"quantization":{"quant_algo":"MAGIC"}}' >"$scratch/modelopt/hf_quant_config.json"
exits "and is never taken for none" 2 "quant_algo of modelopt 'MAGIC' is not known" size "$scratch/modelopt"
# AutoGPTQ's and AutoAWQ's files: 224 matrices of 4.15625 bits, GPTQ's with an int32 for each of their 1,245,184 columns
# and AutoGPTQ's zeros for a bias.
beside() { # NAME TEXT
    rm -rf "$scratch/beside"
    mkdir "$scratch/beside"
    cp "$configs/llama-3-8b.json" "$scratch/beside/config.json"
    echo "$2" >"$scratch/beside/$1"
    shift 2
    key '"\(.model.quantization) \(.model.stored_bytes)"' size "$scratch/beside" "$@"
}
awq=$((6979321856 / 128 * 133 / 2 + 2 * 1050939392))
prints "AutoGPTQ's file beside the config says so too" "gptq $((awq + 4 * 32 * (6 * 4096 + 14336) + 2 * 32 * (3 * 4096 + 2 * 1024 + 2 * 14336)))" \
    beside quantize_config.json '{"bits":4,"group_size":128,"damp_percent":0.01,"desc_act":false,"sym":true,"true_sequential":true}'
prints "and AutoAWQ's" "awq $awq" beside quant_config.json '{"zero_point":true,"q_group_size":128,"w_bit":4,"version":"GEMM"}'
prints "AWQ under AutoGPTQ's name" "awq $awq" beside quantize_config.json '{"zero_point":true,"q_group_size":128,"w_bit":4}'
prints "what a config says itself goes before" "fp8 $((6979321856 + 2 * 1050939392 + 4 * 224))" bash -c '
    sed "s/{/{\"quantization_config\":{\"quant_method\":\"fp8\"},/" "$2/config.json" >"$2/other" && mv "$2/other" "$2/config.json" &&
    "$1" size "$2" --json | jq -r "\"\(.model.quantization) \(.model.stored_bytes)\""' - "$halfulp" "$scratch/beside"
echo '{"w_bit":' >"$scratch/beside/quantize_config.json"
exits "a file beside the config that is no JSON is refused" 2 "quantize_config.json: line 2" size "$scratch/beside"
beside quantize_config.json '{"bits":4,"quant_method":"rtn"}' >/dev/null 2>&1
exits "nor is a method of another name taken for none" 2 "the quantization method 'rtn' is not known" size "$scratch/beside"
# Its routers are in fp32, whatever the config's dtype.
row_of() { size "$configs/$1.json" --dtype "$2" | grep "^  $2 " | grep -o "as the file.*"; }
prints "a row of the config's dtype where some tensors are in another says so" "as the file has most of it" row_of minimax-m3 bf16
prints "and that all are in it where they are" "as the file has it" row_of mamba-1.4b fp32
prints "experts have active parameters" "46702792704 12879925248" \
    key '.model | "\(.parameters) \(.active_parameters)"' size "$configs/mixtral-8x7b.json"
mkdir "$scratch/folder"
cp "$llama" "$scratch/folder/config.json"
prints "a folder with a config is a model" 8030261248 key .model.parameters size "$scratch/folder"

exits "what fits exits 0" 0 '' size 7B --memory 24GiB
exits "what does not fit exits 1" 1 '' size 70B --memory RTX-4090-24GB
exits "the same as JSON" 1 '' size 70B --memory 24GiB --json
exits "one of several that does not fit exits 1" 1 '' size 7B 70B --memory 24GiB
prints "headroom is negative when it does not fit" true \
    key '.fit.headroom < 0' size 70B --memory 24GiB
prints "the longest context fits and one more token does not" "0 1" bash -c '
    n=$("$1" size "$2" --memory 24GiB --context 1 --json | jq .fit.max_context)
    "$1" size "$2" --memory 24GiB --context "$n" >/dev/null; a=$?
    "$1" size "$2" --memory 24GiB --context $((n + 1)) >/dev/null; echo "$a $?"' - "$halfulp" "$llama"
prints "several models are one document" "7000000000 70000000000" \
    key '[.models[].model.parameters] | map(tostring) | join(" ")' size 7B 70B
holds "several models are compared side by side" bash -c \
    '"$1" size 7B 70B --dtype bf16 | grep -Eq "parameters +7,000,000,000 +70,000,000,000"' - "$halfulp"
holds "--explain labels each term" bash -c '
    text=$("$1" size "$2" --context 8192 --train mixed --memory 24GiB --seq 128 --explain)
    for basis in exact modelled "rule of thumb"; do grep -q "$basis" <<<"$text" || exit 1; done' - "$halfulp" "$llama"

holds "--explain explains the dtype of the sum alone" bash -c \
    '! "$1" size "$2" --context 8k --explain | sed -n "/^Each term/,\$p" | grep -Eq "fp8|nf4"' - "$halfulp" "$llama"
holds "and the dtype that was asked for" bash -c \
    'text=$("$1" size "$2" --dtype q4_k_m --context 8k --explain); grep -q "weights in q4_k_m" <<<"$text" && ! grep -q "weights in bf16" <<<"$text"' - "$halfulp" "$llama"
holds "and of training nothing else" bash -c \
    '! "$1" size "$2" --train mixed --explain | grep -Eq "weights in|KV cache"' - "$halfulp" "$llama"
prints "FSDP shards a layer at a time" "1572888576 15049719808" \
    key '.training | "\(.gathered) \(.per_device)"' size "$configs/llama-7b.json" --train mixed --fsdp --dp 8
exits "FSDP and ZeRO say the same thing" 2 "both say" size 7B --train mixed --fsdp --zero 2

exits "an unknown architecture is refused with what to give" 2 "'unheard_of' is not known.*--parameters N.*--kv-heads" \
    bash -c 'echo "{\"model_type\": \"unheard_of\"}" >"$2/m.json"; "$1" size "$2/m.json"' - "$halfulp" "$scratch"
prints "an unknown architecture is sized by what the user gives" "2800000000 32768" \
    key '"\(.model.parameters) \(.kv_cache.bytes_per_token)"' \
    size "$scratch/m.json" --parameters 2.8B --layers 16 --kv-heads 4 --head-dim 128
exits "half a shape is refused" 2 "--layers, --kv-heads and --head-dim together" size 7B --kv-heads 8
exits "a shape for a model that has one is refused" 2 "says its own shape" size "$llama" --layers 3
exits "bad JSON is refused by line, column and byte" 2 'line 1, column [0-9]+ \(byte [0-9]+\)' \
    bash -c 'printf "{\"a\": }" >"$2/bad.json"; "$1" size "$2/bad.json"' - "$halfulp" "$scratch"
exits "no model" 2 'which model' size
exits "neither a count nor a file" 2 "8x7B: No such file.*nor is it a parameter count" size 8x7B
exits "a name of the Hub is told what is read" 2 "No such file.*by its config.json, which halfulp reads and does not fetch" size meta-llama/Llama-3.1-8B
exits "an address of the Hub is, too" 2 "by its config.json" size https://huggingface.co/meta-llama/Llama-3.1-8B
exits "a file that is not there is no name of the Hub" 2 "No such file or directory$" size nowhere/config.json
exits "no parameters" 2 "0 parameters" size 0
exits "an unknown dtype" 2 "no dtype 'fp5'" size 7B --dtype fp5
exits "a mixture of ggml types depends on the model" 2 "give the .gguf file" size 7B --dtype q4_k_m
remarks() { size "$configs/llama-3-8b.json" "$@" | grep -c '^note:'; }
says_note() { size "$configs/llama-3-8b.json" "${@:2}" | grep -q "^note: .*$1"; }
holds "heads that do not divide over devices are remarked" says_note "32 heads do not divide over 3" --tp 3 --context 8k
holds "more stages than layers are remarked" says_note "64 pipeline stages are more than the 32 layers" --pp 64
holds "--ep without experts is remarked" says_note "the model has no experts" --ep 4
holds "a context that the model was not made for is remarked" says_note "longer than the 8,192 tokens" --context 16k
no_remarks() { [ "$(remarks --tp 4 --pp 2 --context 8k)" = 0 ]; }
holds "nothing is remarked of what divides" no_remarks
exits "a mixture of what llama.cpp has not is refused in words" 2 "llama.cpp has no architecture for it" size "$configs/zamba2-1.2b.json" --dtype q4_k_m
exits "a mixture of layers with other states is refused in words" 2 "states of another kind" size "$configs/kimi-linear-48b-a3b.json" --dtype q4_k_m
exits "a mixture that is not modelled" 2 "depends on the model" size 7B --dtype iq3_m
prints "a mixture of a Llama is modelled and judged" "q4_k_m 4912898048 4.89 true" \
    key '"\(.weights[0].dtype) \(.weights[0].bytes) \(.weights[0].bits_per_parameter * 100 | round / 100) \(.fit.fits)"' \
    size "$llama" --dtype q4_k_m,bf16 --memory 8GB
exits "an unknown device" 2 "neither a size.*H100-80GB" size 7B --memory Z9000
holds "the devices and their sources are listed" bash -c '"$1" size --memory list | grep -q "^H100-80GB  *85,520,809,984 .*nvidia-smi"' - "$halfulp"
exits "an unknown recipe" 2 "no recipe" size 7B --train magic
exits "an unknown optimizer" 2 "no optimizer" size 7B --train fp32 --optimizer magic
exits "training options without a recipe" 2 "need --train" size 7B --zero 3
prints "where all dtypes are asked for, the verdict is about the model's own" true \
    bash -c '[ "$("$0" size "$1" --dtype all --context 8k --memory 24GiB --json | jq .fit.headroom)" = "$("$0" size "$1" --context 8k --memory 24GiB --json | jq .fit.headroom)" ] && echo true' "$halfulp" "$llama"
undeclared() { jq "$1" "$llama" >"$scratch/undeclared.json" && "$halfulp" size "$scratch/undeclared.json" --json; }
prints "what a config does not say is not known: bytes without a dtype" '[null,"unknown"]' \
    bash -c "$(declare -f undeclared); llama='$llama' scratch='$scratch' halfulp='$halfulp'
        undeclared 'del(.torch_dtype, .dtype)' | jq -c '[.model.stored_bytes, (.terms[] | select(.name == \"weights as stored\").basis)]'"
prints "… and a dtype that nobody knows is told of" "[null,[\"the config's dtype 'float15' is none that is known\"]]" \
    bash -c "$(declare -f undeclared); llama='$llama' scratch='$scratch' halfulp='$halfulp'
        undeclared '.torch_dtype = \"float15\"' | jq -c '[.model.stored_bytes, .model.notes]'"
prints "a nested text is named within its model, once" model.language_model.embed_tokens.weight bash -c '"$1" size "$2" --tensors --json | jq -r ".tensors[].name" | grep -m1 embed_tokens' - "$halfulp" "$configs/qwen3.6-27b.json"
prints "8k tokens are 8,192" 8192 key .kv_cache.context size "$llama" --context 8k
prints "… and 1M are 1,048,576" 1048576 key .kv_cache.context size "$llama" --context 1M
prints "… and 1e6 a million, as counts are written" 1000000 key .kv_cache.context size "$llama" --context 1e6
holds "a batch of requests without a context says what it needs" \
    bash -c '"$1" size "$2" --batch 8 2>&1 >"$3" | grep -q "give that, too" && ! "$1" size "$2" --batch 8 --context 8k 2>&1 >"$3" | grep .' - "$halfulp" "$llama" "$scratch/said"
exits "… but half a token is none" 2 "'0.3k' is no number of tokens, such as 8192, 8k, 1M or 1e6" "$halfulp" size "$llama" --context 0.3k
exits "a suffix that is none on a context" 2 "no number of tokens|no whole number" size 7B --context 8G
exits "activations without a shape" 2 "activations need the model's shape" size 7B --train mixed --seq 128
exits "20 bytes for each of 10^18 parameters" 2 "64 bits" size 1e18 --train mixed-both-grads
exits "10^18 parameters in fp64" 0 '' size 1e18 --dtype fp64
exits "a full disk" 2 'No space left' bash -c '"$1" size 7B >/dev/full' - "$halfulp"

prints "keys in q8_0 and values in q4_0: 53,248 bytes a token" "q8_0 q4_0 53248" \
    key '.kv_cache | "\(.dtype) \(.dtype_v) \(.bytes_per_token)"' size "$llama" --kv-dtype q8_0,q4_0
prints "nf4_dq keeps embeddings, head and norms in 16 bits" "5702295552 2101878784" \
    key '.weights[0] | "\(.bytes) \(.kept_in_16_bits)"' size "$llama" --dtype nf4_dq
prints "N × bits of a count is a rule of thumb" "rule of thumb" \
    key '.terms[] | select(.name == "weights in nf4").basis' size 7B --dtype nf4
prints "two devices have twice the memory and share the model" "171041619968 true 2" \
    key '.fit | "\(.memory) \(.fits) \(.devices)"' size 70B --dtype bf16 --memory 2xH100-80GB
exits "a name of several devices is asked back" 2 "which 'A100': A100-80GB or A100-40GB" size 7B --memory A100
exits "a bare number of bytes is asked for its unit" 2 "give a unit" size 7B --memory 80
prints "what does not fit says how many devices do" "16 true" \
    key '.fit | "\(.devices) \(.devices_context > 4096)"' size "$configs/llama-3.1-405b.json" --context 4k --memory H100-80GB
prints "the widest dtype is one of all that were asked for, mixtures too" q4_k_m \
    key .fit.widest_dtype size "$llama" --dtype fp32,bf16,q4_k_m --memory 6GiB
prints "a gated 8B on two tensor-parallel devices has half the cache on each" 65536 \
    key .kv_cache.bytes_per_token size "$llama" --tp 2
prints "heads that are fewer than the devices are on each" 16384 \
    key .kv_cache.bytes_per_token size "$llama" --tp 16
states() { key .kv_cache.state_bytes size "$configs/$1.json" --context 1 --tp "$2"; }
prints "delta attention's states and their convolutions are split by heads" "449372160 56171520" \
    bash -c 'echo "$1 $2"' - "$(states kimi-k3 1)" "$(states kimi-k3 8)"
# 11 layers of 8 heads and 55 of 16, of 128: three inputs of keys, values and twice the hidden size, which is not split, in fp32.
prints "Inkling's convolutions of keys and values are split, those of the hidden size are not" "12705792 10103808" \
    bash -c 'echo "$1 $2"' - "$(states inkling 1)" "$(states inkling 8)"
holds "without options it is one screen: bf16 once, fp8, 4 bits" bash -c '
    test "$("$1" size "$2" | wc -l)" -le 8 && test "$("$1" size "$2" | grep -c "^  bf16")" = 1' - "$halfulp" "$llama"
holds "the verdict stands last" bash -c '"$1" size "$2" --context 8k --memory 24GiB --explain | tail -n 2 | grep -q "^fits 24.00 GiB"' - "$halfulp" "$llama"
holds "a factor is no answer where a context is given" bash -c '! "$1" size "$2" --context 8k | grep -q ×1.2' - "$halfulp" "$llama"

# The list.
prints "the list has every tensor of the checkpoint" "291 model.embed_tokens.weight 128256,4096 embedding" \
    key '"\(.tensors | length) \(.tensors[0] | "\(.name) \(.shape | map(tostring) | join(",")) \(.role)")"' size "$llama" --tensors
"$halfulp" size "$llama" --tensors >"$scratch/list"
exits "a list is its own" 0 "" size "$llama" --against "$scratch/list"
sed -e '/layers.3.mlp.up_proj/d' -e 's/\[1024,4096\]/[1024,4095]/' "$scratch/list" >"$scratch/other"
echo "model.extra [3] bf16" >>"$scratch/other"
exits "what is missing, extra or of another shape exits 1" 1 '' size "$llama" --against "$scratch/other"
prints "and is listed" "1 1 64" \
    key '"\(.missing | length) \(.extra | length) \(.shape | length)"' size "$llama" --against "$scratch/other"
printf '{"weight_map":{"model.norm.weight":"none.safetensors"}}' >"$scratch/names.safetensors.index.json"
prints "an index without its shards has the names" "1 1" \
    key '"\(.compared) \(.without_shape)"' size "$llama" --against "$scratch/names.safetensors.index.json"
exits "a list that cannot be read names its line" 2 "line 2: a shape is" \
    bash -c 'printf "a [1]\nb [x]\n" >"$2/bad"; "$1" size "$3" --against "$2/bad"' - "$halfulp" "$scratch" "$llama"
safetensors "$scratch/own.safetensors" "{$(tensor a.weight BF16 '[2,3]' 0 12),$(tensor b.bias F32 '[4]' 12 28)}" 28
safetensors "$scratch/theirs.safetensors" "{$(tensor a.weight BF16 '[3,2]' 0 12),$(tensor c.bias F32 '[4]' 12 28)}" 28
prints "a file lists its own tensors" "a.weight 2,3 bf16 b.bias 4 fp32" \
    key '[.tensors[] | "\(.name) \(.shape | map(tostring) | join(",")) \(.dtype)"] | join(" ")' size "$scratch/own.safetensors" --tensors
exits "and is compared with itself" 0 '' size "$scratch/own.safetensors" --against "$scratch/own.safetensors"
prints "and with another" "b.bias c.bias a.weight" \
    key '"\(.missing[0].name) \(.extra[0].name) \(.shape[0].name)"' size "$scratch/own.safetensors" --against "$scratch/theirs.safetensors"
exits "a count has no list" 2 "give a config.json" size 7B --tensors
exits "llama.cpp's names are not a config's" 2 "names of its own" size "$llama" --against "$srcdir/tests/fuzz/corpus/gguf/whole"
prints "the devices are one JSON document" '["H100-80GB",85520809984,"nvidia-smi (survey)"]' \
    bash -c '"$1" size --memory list --json | jq -c "[.devices[0][]]"' - "$halfulp"
prints "so are the families, as many as are listed" "$("$halfulp" size --families | wc -l)" \
    bash -c '"$1" size --families --json | jq ".families | length"' - "$halfulp"
exits "a list of tensors has no verdict" 2 '--memory does not go with --tensors' "$halfulp" size 7B --tensors --memory 24GiB
exits "nor has a comparison" 2 '--train does not go with --against' "$halfulp" size 7B --against x --train mixed
holds "over 120 model types are known by name" bash -c '"$1" size --families | awk "{ n++ } END { exit n < 120 }"' - "$halfulp"
cat >"$scratch/tiny.txt" <<'TINY'
family tiny
w [h 2] mlp
TINY
echo '{"model_type":"tiny","h":5}' >"$scratch/tiny.json"
prints "a family is added by a file" "10 tiny" key '.model | "\(.parameters) \(.architecture)"' size "$scratch/tiny.json" --family "$scratch/tiny.txt"
exits "a family that cannot be read names its line" 2 "tiny.txt: family tiny: line 2: " \
    bash -c 'sed -i s/mlp/wrong/ "$2/tiny.txt"; "$1" size 7B --family "$2/tiny.txt"' - "$halfulp" "$scratch"
jq '.model_type = "unheard_of" | .architectures = ["UnheardOfForCausalLM"]' "$llama" >"$scratch/unheard.json"
prints "an unknown decoder with the usual keys is modelled" "8030261248 true" \
    key '.model | "\(.parameters) \(.modelled)"' size "$scratch/unheard.json"
jq 'del(.model_type)' "$llama" >"$scratch/class.json"
prints "a config without a model_type is known by its class" "8030261248 false" \
    key '.model | "\(.parameters) \(.modelled)"' size "$scratch/class.json"
jq '. + {quantization_config: {quant_method: "brand-new"}}' "$llama" >"$scratch/new.json"
exits "an unknown quantization is never taken for none" 2 "'brand-new' is not known.*--dtype" size "$scratch/new.json"
holds "unless a dtype is given, and that is said" bash -c '"$1" size "$2" --dtype bf16 | grep -q "left aside"' - "$halfulp" "$scratch/new.json"
jq '. + {quantization_config: {quant_method: "gptq", bits: 4, dynamic: {"+:.*none.*": {bits: 8}}}}' "$llama" >"$scratch/idle.json"
exits "nor is a module's name that none has" 2 "gptq for '[.][*]none[.][*]', which is none of its modules, so the weights' bytes" size "$scratch/idle.json"

# Files.
f=$scratch/model.safetensors
safetensors "$f" "{$(tensor a BF16 '[2,3]' 0 12),$(tensor b F32 '[4]' 12 28),$(tensor c BF16 '[1]' 28 30)}" 30
prints "tensors and totals" "a,BF16,[2,3],6,12 b,F32,[4],4,16 c,BF16,[1],1,2 / 11 30 / 7 14 / 2" \
    key '([.tensors[] | "\(.name),\(.dtype),\(.shape | tojson),\(.elements),\(.bytes)"] | join(" ")) +
         " / \(.elements) \(.bytes) / \(.dtypes.BF16.elements) \(.dtypes.BF16.bytes) / \(.dtypes.BF16.tensors)"' tensors "$f"
prints "a file's stored bytes and parameters" "11 11 30" \
    key '.model | "\(.parameters) \(.stored_elements) \(.stored_bytes)"' size "$f"
exits "a trailing byte is refused with its offset" 2 'byte [0-9]+: 1 byte follows' \
    bash -c 'cp "$2" "$3/t.safetensors"; echo >>"$3/t.safetensors"; "$1" tensors "$3/t.safetensors"' - "$halfulp" "$f" "$scratch"
exits "a truncated file is refused" 2 "byte [0-9]+: tensor 'c'.*cut short" \
    bash -c 'head -c -1 "$2" >"$3/t.safetensors"; "$1" tensors "$3/t.safetensors"' - "$halfulp" "$f" "$scratch"
exits "no file" 2 "No such file" tensors "$scratch/none.safetensors"
exits "a folder" 2 "is a folder" tensors "$scratch"
exits "an empty file" 2 "is empty" bash -c ': >"$2/e"; "$1" tensors "$2/e"' - "$halfulp" "$scratch"
mkfifo "$scratch/pipe.json" "$scratch/pipe.index.json"
exits "a config that is a pipe" 2 "no regular file" timeout 5 "$halfulp" size "$scratch/pipe.json"
exits "an index that is a pipe" 2 "no regular file" timeout 5 "$halfulp" tensors "$scratch/pipe.index.json"
exits "an index that is no JSON" 2 'line 2, column [0-9]+ \(byte [0-9]+\)' \
    bash -c 'echo "{" >"$2/b.index.json"; "$1" tensors "$2/b.index.json"' - "$halfulp" "$scratch"
exits "control characters in a message stay off the terminal" 2 'x1b' \
    bash -c 'printf "{\"a\":\033[31m}" >"$2/c.json"; "$1" size "$2/c.json"' - "$halfulp" "$scratch"
exits "a device" 2 "no regular file" tensors /dev/null

safetensors "$scratch/s1.safetensors" "{$(tensor a BF16 '[2]' 0 4)}" 4
safetensors "$scratch/s2.safetensors" "{$(tensor b BF16 '[3]' 0 6)}" 6
index() { # TOTAL MAP
    printf '{"metadata":{"total_size":%s},"weight_map":%s}' "$1" "$2" >"$scratch/x.safetensors.index.json"
}
index 10 '{"a":"s1.safetensors","b":"s2.safetensors"}'
prints "an index sums its shards" "5 10" key '"\(.elements) \(.bytes)"' tensors "$scratch/x.safetensors.index.json"
index 11 '{"a":"s1.safetensors","b":"s2.safetensors"}'
exits "tensors refuses a total_size that differs" 2 "total_size of 11 bytes, and the shards hold 10" \
    tensors "$scratch/x.safetensors.index.json"
holds "size says that it differs" bash -c '"$1" size "$2" | grep -q "total_size of 11"' - "$halfulp" "$scratch/x.safetensors.index.json"
index 10 '{"a":"s1.safetensors","b":"s1.safetensors"}'
exits "a tensor in another shard" 2 "'b' is not in the file" tensors "$scratch/x.safetensors.index.json"
index 6 '{"b":"s2.safetensors","c":"s2.safetensors"}'
exits "a tensor that no shard has" 2 "'c' is not in the file" tensors "$scratch/x.safetensors.index.json"
safetensors "$scratch/s3.safetensors" "{$(tensor c BF16 '[1]' 0 2),$(tensor d BF16 '[1]' 2 4)}" 4
index 4 '{"c":"s3.safetensors"}'
exits "a tensor that the index does not have" 2 "'d' is in a shard and not in the index" \
    tensors "$scratch/x.safetensors.index.json"
index 10 '{"b":"s2.safetensors","a":"../s1.safetensors"}'
exits "an index names no other folder" 2 "beside the index" tensors "$scratch/x.safetensors.index.json"

safetensors "$scratch/q.safetensors" "{$(tensor l.qweight I32 '[2,8]' 0 64),$(tensor l.qzeros I32 '[1,1]' 64 68),$(tensor l.scales F16 '[1,8]' 68 84),$(tensor l.g_idx I32 '[16]' 84 148),$(tensor r.rotary_emb.inv_freq F32 '[4]' 148 164)}" 164
prints "packed weights are unpacked; scales and buffers are no parameters" "128 45" \
    key '.model | "\(.parameters) \(.stored_elements)"' size "$scratch/q.safetensors"
safetensors "$scratch/m.safetensors" "{$(tensor e.gate_blocks U8 '[2,4,16]' 0 128),$(tensor e.gate_scales U8 '[2,4]' 128 136)}" 136
prints "mxfp4 blocks hold two weights a byte" "256 136" \
    key '.model | "\(.parameters) \(.stored_elements)"' size "$scratch/m.safetensors"
parameters() { # NAME PARAMETERS BYTES TENSORS
    safetensors "$scratch/p.safetensors" "{$4}" "$3"
    prints "$1" "$2" key .model.parameters size "$scratch/p.safetensors"
}
parameters "AWQ packs eight weights along the outputs" 128 84 \
    "$(tensor l.qweight I32 '[16,1]' 0 64),$(tensor l.qzeros I32 '[1,1]' 64 68),$(tensor l.scales F16 '[1,8]' 68 84)"
parameters "GPTQ without an index has its bits in the zeros" 128 84 \
    "$(tensor l.qweight I32 '[2,8]' 0 64),$(tensor l.qzeros I32 '[1,1]' 64 68),$(tensor l.scales F16 '[1,8]' 68 84)"
parameters "bitsandbytes packs two weights a byte" 128 72 \
    "$(tensor l.weight U8 '[64,1]' 0 64),$(tensor l.weight.absmax F32 '[2]' 64 72)"
parameters "NVFP4 packs two weights a byte" 32 18 \
    "$(tensor l.weight U8 '[2,8]' 0 16),$(tensor l.weight_scale F8_E4M3 '[2,1]' 16 18)"
parameters "bytes without scales are bytes" 64 64 "$(tensor l.weight U8 '[64]' 0 64)"
parameters "a causal mask is a buffer, and a bias is not" 4 80 \
    "$(tensor h.0.attn.bias F32 '[1,1,4,4]' 0 64),$(tensor h.0.attn.c_attn.bias F32 '[4]' 64 80)"
parameters "fp8 scales are no parameters" 4 8 \
    "$(tensor l.weight F8_E4M3 '[2,2]' 0 4),$(tensor l.weight_scale_inv F32 '[1]' 4 8)"

# gguf FILE TENSOR SPLIT COUNT: one fp32 tensor of eight elements in split SPLIT of COUNT.
u32() { printf "\\x$(printf %02x $(($1 & 255)))\\x$(printf %02x $(($1 >> 8 & 255)))\\0\\0"; }
u64() { u32 "$1"; u32 0; }
string() { u64 ${#1}; printf '%s' "$1"; }
gguf() {
    {
        printf GGUF; u32 3; u64 1; u64 2
        string split.no; u32 4; u32 "$3"
        string split.count; u32 4; u32 "$4"
        string "$2"; u32 1; u64 8; u32 0; u64 0
    } >"$1"
    truncate -s "%32" "$1"
    truncate -s +32 "$1"
}
# metadata FILE ARCHITECTURE KEY VALUE…: a GGUF file of one tensor and whole numbers of that architecture.
metadata() {
    local file=$1 name=$2
    shift 2
    {
        printf GGUF; u32 3; u64 1; u64 $((1 + $# / 2))
        string general.architecture; u32 8; string "$name"
        while [ $# -gt 0 ]; do
            string "$name.$1"; u32 4; u32 "$2"
            shift 2
        done
        string w; u32 1; u64 8; u32 0; u64 0
    } >"$file"
    truncate -s "%32" "$file"
    truncate -s +32 "$file"
}
metadata "$scratch/mamba.gguf" mamba block_count 2 embedding_length 4 attention.head_count 0 \
    ssm.conv_kernel 4 ssm.inner_size 8 ssm.state_size 16
prints "a GGUF file's states are those that llama.cpp reserves" "0 $((2 * (16 * 8 * 4 + 3 * 8 * 2)))" \
    key '.kv_cache | "\(.bytes_per_token) \(.state_bytes)"' size "$scratch/mamba.gguf"
metadata "$scratch/gemma2.gguf" gemma2 block_count 4 embedding_length 8 attention.head_count 2 vocab_size 9 \
    attention.head_count_kv 1 attention.key_length 2 attention.value_length 2 attention.sliding_window 8 feed_forward_length 8
prints "a GGUF file's windows stand where its family has them" 2 key .kv_cache.window_layers size "$scratch/gemma2.gguf"
corpus="$srcdir/tests/fuzz/corpus/gguf"
prints "a GGUF file's tensors" "q,Q4_0,[4,64],256,144 r,Q6_K,[256],256,210" \
    key '[.tensors[] | "\(.name),\(.dtype),\(.shape | tojson),\(.elements),\(.bytes)"] | join(" ")' tensors "$corpus/whole"
prints "a GGUF file's KV cache, a layer at a time" "llama 512 192 1" \
    key '"\(.model.architecture) \(.model.parameters) \(.kv_cache.bytes_per_token) \(.kv_cache.window_layers)"' size "$corpus/whole"
prints "a GGUF file's experts and latent attention" "256 128 3456" \
    key '"\(.model.parameters) \(.model.active_parameters) \(.kv_cache.bytes_per_token)"' size "$corpus/mla"
gguf "$scratch/m-00001-of-00002.gguf" a 0 2
gguf "$scratch/m-00002-of-00002.gguf" b 1 2
prints "the splits of a GGUF model are read together" "a b 16 64" \
    key '([.tensors[].name] | join(" ")) + " \(.elements) \(.bytes)"' tensors "$scratch/m-00001-of-00002.gguf"
rm "$scratch/m-00002-of-00002.gguf"
exits "a split that is missing is named" 2 'm-00002-of-00002.gguf: No such file' tensors "$scratch/m-00001-of-00002.gguf"

no_mpfr() { ! "$NM" "$builddir/libmemory.a" | grep -i mpfr; }
holds "the memory library has no MPFR symbol" no_mpfr

safetensors "$scratch/esc.safetensors" "{$(tensor 'a\u001b[31m' F32 '[]' 0 4)}" 4
holds "control characters in names stay off the terminal" bash -c \
    '! "$1" tensors "$2" | grep -q "$(printf "\033")"' - "$halfulp" "$scratch/esc.safetensors"
safetensors "$scratch/huge.safetensors" "{$(tensor a BF16 '[1099511627776]' 0 2199023255552)}" 0
truncate -s $((2199023255552 + $(stat -c %s "$scratch/huge.safetensors"))) "$scratch/huge.safetensors" 2>/dev/null &&
    prints "a file of two terabytes costs its header" 2199023255552 key .bytes tensors "$scratch/huge.safetensors" ||
    skip "a file of two terabytes costs its header" "the file system has no such sparse files"
# An architecture that nobody knows: what its keys say, or why it is none of the usual.
unknown() { # KEYS
    printf '{"architectures":["UnheardForCausalLM"],"model_type":"unheard","hidden_size":64,"intermediate_size":128,"num_hidden_layers":2,
"num_attention_heads":4,"vocab_size":100%s}' "$1" >"$scratch/new.json"
}
unknown ',"rms_norm_eps":1e-6'
prints "an unknown decoder is modelled by its keys" "$((2 * 100 * 64 + 64 + 2 * (4 * 64 * 64 + 3 * 64 * 128 + 2 * 64))) true" \
    key '"\(.model.parameters) \(.model.modelled)"' size "$scratch/new.json"
unknown ',"layer_norm_eps":1e-5,"hidden_act":"gelu"'
prints "one with layer norms and no smooth gate has perceptrons of two matrices" \
    "$((2 * 100 * 64 + 64 + 2 * (4 * 64 * 64 + 2 * 64 * 128 + 2 * 64)))" key .model.parameters size "$scratch/new.json"
unknown ',"kv_lora_rank":16,"q_lora_rank":24,"qk_rope_head_dim":8,"qk_nope_head_dim":16,"v_head_dim":16'
prints "one with a latent's keys attends to a latent" \
    "$((2 * 100 * 64 + 64 + 2 * (24 * 64 + 24 + 96 * 24 + 24 * 64 + 16 + 128 * 16 + 64 * 64 + 3 * 64 * 128 + 2 * 64))) $((2 * 2 * 24))" \
    key '"\(.model.parameters) \(.kv_cache.bytes_per_token)"' size "$scratch/new.json"
unknown ',"mamba_d_state":16'
exits "one with a state space's keys is refused in words" 2 "layers with a state" size "$scratch/new.json"
unknown ',"type_vocab_size":2'
exits "an unknown encoder is refused in words" 2 "an encoder's" size "$scratch/new.json"

text='"model_type":"qwen3","hidden_size":2048,"intermediate_size":6144,"num_hidden_layers":28,"num_attention_heads":16,
"num_key_value_heads":8,"vocab_size":151936,"head_dim":128,"tie_word_embeddings":true'
tower='"model_type":"siglip_vision_model","hidden_size":1152,"intermediate_size":4304,"num_hidden_layers":27,"num_attention_heads":16,
"patch_size":14,"image_size":384'
printf '{"model_type":"new_vl","architectures":["NewVL"],"text_config":{%s},"vision_config":{%s}}' "$text" "$tower" >"$scratch/new.json"
# Qwen3-1.7B and SigLIP so400m's tower.
prints "an unknown model of known modules is modelled from them" "$((1720574976 + 428225600)) true" \
    key '"\(.model.parameters) \(.model.modelled)"' size "$scratch/new.json"
printf '{"model_type":"new_vl","architectures":["NewVL"],"text_config":{%s},"vision_config":{"model_type":"new_vision"}}' "$text" >"$scratch/new.json"
prints "with a tower that is not known it is its language model alone, which is said" "1720574976 1" \
    key '"\(.model.parameters) \([.model.notes[] | select(contains("language model alone"))] | length)"' size "$scratch/new.json"

mkdir -p "$scratch/broken" && printf '{"transformer": [1,}' >"$scratch/broken/model_index.json"
exits "a pipeline that is no JSON is told where" 2 'model_index.json: line 1, column [0-9]+ [(]byte' size "$scratch/broken"
printf 'family blocky\nx mxfp4\n  w [32 32]\n' >"$scratch/blocky.txt"
printf '{"model_type":"blocky"}' >"$scratch/blocky.json"
prints "a block format on a group of lines is that of what is below" "x.w.weight mxfp4" \
    key '.tensors[] | "\(.name) \(.dtype)"' size "$scratch/blocky.json" --family "$scratch/blocky.txt" --tensors
printf 'family blocky\nx.{"\377"}.w [2]\n' >"$scratch/blocky.txt"
exits "a family's string that is no UTF-8 is refused" 2 'line 2: a number, "text"' size "$scratch/blocky.json" --family "$scratch/blocky.txt" --tensors

# Of processor time, the program's start with it: the best of 60 runs, for a busy machine lengthens most.
quick() { # CONFIG
    local i best=999 one TIMEFORMAT='%U %S'
    for ((i = 0; i < 60 && best > 4; i++)); do
        one=$({ time "$halfulp" size "$1" >/dev/null; } 2>&1 | awk '{ printf "%d", ($1 + $2) * 1000 + 0.5 }')
        best=$((one < best ? one : best))
    done
    [ "$best" -le 5 ] || { echo "# $best ms" && return 1; }
}
for name in deepseek-v4-flash gemma-3n-e4b kimi-k2; do # the lists that take most
    if nm "$halfulp" | grep -Eq '__asan_init|__ubsan'; then
        skip "$name is sized within 5 ms" "the sanitizers take more"
    else
        holds "$name is sized within 5 ms" quick "$configs/$name.json"
    fi
done

# Tensors without elements may have any size beside the zero.
safetensors "$scratch/vast.safetensors" "{$(tensor a F32 '[0,18446744073709551615]' 0 0),$(tensor b F32 '[1]' 0 4)}" 4
prints "a dimension beyond JSON's integers is a string, and not negative" '[0,"18446744073709551615"]' \
    bash -c "'$halfulp' size '$scratch/vast.safetensors' --tensors --json | jq -c '.tensors[0].shape'"

finish
