// The kernels of the transformer in one table.
namespace transformer {

#include "networks/transformer/widths.inl"
#include "networks/transformer/attention.inl"
#include "networks/transformer/messages.inl"
#include "networks/transformer/messages_back.inl"
#include "networks/transformer/update.inl"
#include "networks/transformer/update_back.inl"

const TransformerKernels kernels{unit_queries, unit_queries_back, attention, messages,   messages_back,
                                 project,      project_back,      update,    update_back};

}  // namespace transformer
