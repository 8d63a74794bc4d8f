using Chancery.Documents;
using Chancery.Server.Access;
using Chancery.Server.Knowledge.Collections;
using Chancery.Server.Knowledge.Documents;
using Chancery.Server.Knowledge.Stock;
using Chancery.Server.Knowledge.Upload;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Database;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge.Samples;

/// <summary>
/// The documents of the demo for anybody's organisation, in a collection of their own that goes as it came. They are read and indexed
/// as all are; only their vectors are there already (<see cref="DemoVectors"/>). Safe for concurrent use.
/// </summary>
internal sealed class SampleDocuments(
    TenantDatabase database,
    CollectionStore collections,
    DocumentStore documents,
    UploadStore uploads,
    BlobStore blobs,
    IOptions<KnowledgeOptions> options
)
{
    public const string Collection = "Sample documents";
    public const string Tag = "sample";

    private const string Description = "A made-up company's handbook, contract and price list, to try questions on.";

    private const string CollectionSql = """
        SELECT collection_id FROM collections
        WHERE tenant_id = @tenant AND lower(name) = lower(@name) AND deleted_at IS NULL
        """;

    // What somebody else put there, or took the tag from, is not ours to remove.
    private const string DocumentsSql = """
        SELECT document_id AS id, path FROM documents
        WHERE tenant_id = @tenant AND collection_id = @collection AND deleted_at IS NULL AND @tag = ANY (tags)
        ORDER BY path, document_id
        """;

    private const string IsEmptySql = """
        SELECT NOT EXISTS (
          SELECT 1 FROM documents WHERE tenant_id = @tenant AND collection_id = @collection AND deleted_at IS NULL)
        """;

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Demo", "Documents");

    /// <summary>Brings those that are not there; nothing where a file could not be kept, and why where the plan is full.</summary>
    public async Task<(SampleView? View, NoRoom? NoRoom)> AddAsync(
        Principal principal,
        CancellationToken cancellationToken
    )
    {
        var collection = await EnsureAsync(principal, cancellationToken);
        var there = (await ListAsync(principal, collection, cancellationToken)).Select(one => one.Path).ToHashSet();
        foreach (var path in Directory.EnumerateFiles(Folder).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(path);
            if (there.Contains(name))
            {
                continue;
            }

            var content = await File.ReadAllBytesAsync(path, cancellationToken);
            var outcome = await UploadAsync(principal, collection, name, content, cancellationToken);
            if (outcome is not UploadOutcome.Accepted)
            {
                return (null, (outcome as UploadOutcome.Full)?.Why);
            }
        }

        return (new SampleView(collection, await ListAsync(principal, collection, cancellationToken)), null);
    }

    /// <summary>Deletes them as a person would, so that they can be restored, and their collection where nothing else is in it.</summary>
    /// <returns>How many there were.</returns>
    public async Task<int> RemoveAsync(Principal principal, CancellationToken cancellationToken)
    {
        if (await FindAsync(principal, cancellationToken) is not { } collection)
        {
            return 0;
        }

        var ours = await ListAsync(principal, collection, cancellationToken);
        foreach (var document in ours)
        {
            await documents.DeleteAsync(principal, document.Id, cancellationToken);
        }

        if (await IsEmptyAsync(principal, collection, cancellationToken))
        {
            await collections.DeleteAsync(principal, collection, cancellationToken);
        }

        return ours.Count;
    }

    private async Task<Guid> EnsureAsync(Principal principal, CancellationToken cancellationToken)
    {
        if (await FindAsync(principal, cancellationToken) is { } found)
        {
            return found;
        }

        var made = await collections.CreateAsync(principal, Collection, Description, cancellationToken);
        return made is CollectionOutcome.Done done
            ? done.Collection.Id
            // Somebody else was faster.
            : await FindAsync(principal, cancellationToken)
                ?? throw new InvalidOperationException("The collection of the sample documents could not be made.");
    }

    private async Task<UploadOutcome?> UploadAsync(
        Principal principal,
        Guid collection,
        string name,
        byte[] content,
        CancellationToken cancellationToken
    )
    {
        var limit = Math.Max(options.Value.MaxUploadBytes, content.Length);
        if (
            await blobs.WriteAsync(principal.Tenant, content, Stream.Null, limit, cancellationToken)
            is not BlobOutcome.Stored blob
        )
        {
            return null;
        }

        var type = MediaTypes.Detect(content.AsSpan(0, Math.Min(content.Length, MediaTypes.DetectionBytes)), name);
        var file = new ReceivedFile(name, type, blob.Sha256, blob.Size) { Tags = [Tag], CollectionId = collection };
        return await uploads.CreateAsync(principal, file, cancellationToken);
    }

    private async Task<Guid?> FindAsync(Principal principal, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await session.FindAsync<Guid?>(
            CollectionSql,
            new { tenant = principal.Tenant.Value, name = Collection },
            cancellationToken
        );
    }

    private async Task<IReadOnlyList<SampleDocument>> ListAsync(
        Principal principal,
        Guid collection,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await session.QueryAsync<SampleDocument>(
            DocumentsSql,
            new
            {
                tenant = principal.Tenant.Value,
                collection,
                tag = Tag,
            },
            cancellationToken
        );
    }

    private async Task<bool> IsEmptyAsync(Principal principal, Guid collection, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await session.FindAsync<bool>(
            IsEmptySql,
            new { tenant = principal.Tenant.Value, collection },
            cancellationToken
        );
    }
}

/// <param name="Documents">They can be followed like uploads, until they are ready.</param>
public sealed record SampleView(Guid CollectionId, IReadOnlyList<SampleDocument> Documents);

/// <param name="Path">The file's name.</param>
public sealed record SampleDocument(Guid Id, string Path);
