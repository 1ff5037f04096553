/* What the families share while a config becomes a model. */
#ifndef HALFULP_MEMORY_FAMILY_H
#define HALFULP_MEMORY_FAMILY_H

#include "model_config.h"

/* What a decoder-only transformer of the common kind is made of. Sizes that are 0 are absent. */
struct decoder {
    uint64_t vocabulary, hidden, layers, heads, kv_heads, head_dim, ffn;
    uint64_t positions;    /* rows of a learned position table */
    unsigned norm_vectors; /* 1: a weight (RMS); 2: weight and bias */
    unsigned norms;        /* a layer */
    bool no_final_norm, embedding_norm;
    bool tied, head_bias;
    bool own_head; /* the family adds its head itself */
    bool gated;    /* gate and up, not up alone */
    bool qkv_bias, o_bias, mlp_bias;
    bool q_norm, k_norm; /* over the head dimension */
    bool sinks;          /* one learned logit a head */
    const char *qkv;     /* name of a fused projection; NULL: q_proj, k_proj, v_proj */
    const char *o, *gate_up, *up, *down; /* names; gate_up: fused */
    /* Mixture of experts, in moe_layers of the layers. */
    uint64_t moe_layers, experts, experts_used, expert_ffn, shared_ffn;
    bool shared_gate, router_bias, expert_bias, selection_bias;
};

/* The parts of build_decoder, for families that differ in one. */
void decoder_embeddings(struct hu_config *c, const struct decoder *d);
void decoder_attention(struct hu_config *c, const struct decoder *d);
void decoder_mlp(struct hu_config *c, const struct decoder *d);
void decoder_norms_and_head(struct hu_config *c, const struct decoder *d);
/* All parts, and a full KV cache in every layer. */
void decoder_build(struct hu_config *c, const struct decoder *d);
/* Adds a matrix and, where BIAS, a vector of its rows. */
struct hu_weight *decoder_linear(struct hu_config *c, enum hu_group group, const char *name,
                                 uint64_t rows, uint64_t columns, uint64_t copies, bool bias);

/* One a family; each reads C and fills c->model. */
void family_llama(struct hu_config *c);
void family_mistral(struct hu_config *c);
void family_mixtral(struct hu_config *c);
void family_qwen2(struct hu_config *c);
void family_qwen2_moe(struct hu_config *c);
void family_qwen3(struct hu_config *c);
void family_qwen3_moe(struct hu_config *c);
void family_gemma(struct hu_config *c);
void family_gemma2(struct hu_config *c);
void family_gemma3(struct hu_config *c);
void family_gemma3_text(struct hu_config *c);
void family_phi3(struct hu_config *c);
void family_baichuan(struct hu_config *c);
void family_gpt_oss(struct hu_config *c);
void family_deepseek_v2(struct hu_config *c);
void family_deepseek_v3(struct hu_config *c);
void family_llama4(struct hu_config *c);
void family_gpt2(struct hu_config *c);
void family_gpt_neox(struct hu_config *c);
void family_bloom(struct hu_config *c);
void family_opt(struct hu_config *c);
void family_falcon(struct hu_config *c);
void family_bert(struct hu_config *c);
void family_roberta(struct hu_config *c);
void family_t5(struct hu_config *c);

#endif
