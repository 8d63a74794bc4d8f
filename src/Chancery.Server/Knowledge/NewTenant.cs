using Chancery.Server.Access;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge;

/// <summary>Gives each new tenant its default collection, its first revision and the model that it is searched with.</summary>
internal sealed class NewTenant(EmbeddingModels models, TimeProvider time) : ITenantCreated
{
    private const string CollectionSql = """
        INSERT INTO collections (tenant_id, collection_id, name, is_default, created_by, created_at)
        VALUES (@tenant, @id, 'default', true, @owner, @now)
        """;

    private const string RevisionSql = """
        INSERT INTO knowledge_revisions (tenant_id, revision, token) VALUES (@tenant, 0, gen_random_uuid())
        """;

    private const string ModelSql = "INSERT INTO tenant_models (tenant_id, serving) VALUES (@tenant, @model)";

    public async Task CreatedAsync(TenantSession session, Principal owner, CancellationToken cancellationToken)
    {
        var tenant = session.Tenant.Value;
        await session.ExecuteAsync(
            CollectionSql,
            new
            {
                tenant,
                id = Guid.CreateVersion7(),
                owner = owner.UserId,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        await session.ExecuteAsync(RevisionSql, new { tenant }, cancellationToken);
        await session.ExecuteAsync(ModelSql, new { tenant, model = models.Default.Model }, cancellationToken);
    }
}
