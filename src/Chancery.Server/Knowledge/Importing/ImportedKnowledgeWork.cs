using Chancery.Server.Knowledge.Fetching;
using Chancery.Server.Knowledge.Ingestion;
using Chancery.Server.Knowledge.ModelChanges;
using Chancery.Server.Knowledge.Vectors;
using Chancery.Server.Platform.Work;

namespace Chancery.Server.Knowledge.Importing;

/// <summary>Background work about documents that goes on when an organisation comes in from an archive.</summary>
internal static class ImportedKnowledgeWork
{
    public static IReadOnlyList<TakenWork> All { get; } =
    [
        new(
            IngestionWork.Kind,
            "EXISTS (SELECT 1 FROM document_versions AS o WHERE o.tenant_id = t.tenant_id AND t.subject = jsonb_build_object('document_id', o.document_id, 'version', o.version))"
        ),
        new(
            FetchWork.Kind,
            "EXISTS (SELECT 1 FROM document_sources AS o WHERE o.tenant_id = t.tenant_id AND o.state = 'fetching' AND t.subject = jsonb_build_object('document_id', o.document_id))"
        ),
        new(VectorWork.Kind, TakenWork.AboutNothing),
        new(FormerVectorsWork.Kind, TakenWork.AboutNothing),
        new(
            ModelChangeWork.Kind,
            "EXISTS (SELECT 1 FROM model_changes AS o WHERE o.tenant_id = t.tenant_id AND o.state = 'running' AND t.subject = jsonb_build_object('change_id', o.change_id))"
        ),
    ];
}
