using System.Net;
using Chancery.Client;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary>Finds what people name: a document or a collection, by name or by id.</summary>
internal static class Lookup
{
    private const int PageSize = 100;

    public static async Task<Guid> CollectionAsync(
        ChanceryClient client,
        string wanted,
        CancellationToken cancellationToken
    )
    {
        if (Guid.TryParse(wanted, out var id))
        {
            return id;
        }

        var names = new List<string>();
        string? cursor = null;
        do
        {
            var page = await client.ListCollectionsAsync(PageSize, cursor, cancellationToken: cancellationToken);
            if (page.Items.FirstOrDefault(c => c.Name.Equals(wanted, StringComparison.OrdinalIgnoreCase)) is { } found)
            {
                return found.Id;
            }

            names.AddRange(page.Items.Select(c => c.Name));
            cursor = page.NextCursor;
        } while (cursor is not null);

        throw new RemoteException(
            Exit.Failed,
            $"There is no collection \"{wanted}\"; there are: {string.Join(", ", names.Take(20))}."
        );
    }

    /// <summary>For a person; the id where the collection is gone meanwhile.</summary>
    public static async Task<string> CollectionNameAsync(
        ChanceryClient client,
        Guid id,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return (await client.GetCollectionAsync(id, cancellationToken)).Name;
        }
        catch (ChanceryException gone) when (gone.StatusCode == HttpStatusCode.NotFound)
        {
            return id.ToString();
        }
    }

    public static async Task<IReadOnlyList<Guid>?> CollectionsAsync(
        ChanceryClient client,
        string[]? wanted,
        CancellationToken cancellationToken
    )
    {
        if (wanted is not { Length: > 0 })
        {
            return null;
        }

        var ids = new List<Guid>();
        foreach (var name in wanted)
        {
            ids.Add(await CollectionAsync(client, name, cancellationToken));
        }

        return ids;
    }

    public static async Task<DocumentView> DocumentAsync(
        ChanceryClient client,
        string wanted,
        bool deleted,
        CancellationToken cancellationToken
    )
    {
        if (Guid.TryParse(wanted, out var id))
        {
            return await client.GetDocumentAsync(id, cancellationToken);
        }

        var found = new List<DocumentView>();
        await foreach (var document in AllAsync(client, cancellationToken, query: wanted, deleted: deleted))
        {
            if (document.Path == wanted || document.Title.Equals(wanted, StringComparison.OrdinalIgnoreCase))
            {
                found.Add(document);
            }
        }

        return found switch
        {
            [var only] => only,
            [] => throw new RemoteException(
                Exit.Failed,
                $"There is no {(deleted ? "deleted " : "")}document \"{wanted}\": chancery docs list{(deleted ? " --deleted" : "")} shows those that are there."
            ),
            _ => throw new RemoteException(
                Exit.Failed,
                $"{found.Count} documents are called \"{wanted}\"; name one by its id: {string.Join(", ", found.Take(10).Select(d => d.Id))}."
            ),
        };
    }

    public static async Task<IReadOnlyList<Guid>?> DocumentsAsync(
        ChanceryClient client,
        string[]? wanted,
        CancellationToken cancellationToken
    )
    {
        if (wanted is not { Length: > 0 })
        {
            return null;
        }

        var ids = new List<Guid>();
        foreach (var name in wanted)
        {
            ids.Add((await DocumentAsync(client, name, deleted: false, cancellationToken)).Id);
        }

        return ids;
    }

    /// <summary>The id of a contract, which is named by it or by its title.</summary>
    public static async Task<Guid> ContractAsync(
        ChanceryClient client,
        string wanted,
        CancellationToken cancellationToken
    )
    {
        if (Guid.TryParse(wanted, out var id))
        {
            return id;
        }

        var found = new List<Guid>();
        string? cursor = null;
        do
        {
            var page = await client.ListContractsAsync(
                q: wanted,
                limit: PageSize,
                cursor: cursor,
                cancellationToken: cancellationToken
            );
            found.AddRange(
                page.Items.Where(contract => contract.Title.Equals(wanted, StringComparison.OrdinalIgnoreCase))
                    .Select(contract => contract.Id)
            );
            cursor = page.NextCursor;
        } while (cursor is not null);

        return found switch
        {
            [var only] => only,
            [] => throw new RemoteException(
                Exit.Failed,
                $"There is no contract \"{wanted}\": chancery contracts list shows those that are there."
            ),
            _ => throw new RemoteException(
                Exit.Failed,
                $"{found.Count} contracts are called \"{wanted}\"; name one by its id: {string.Join(", ", found.Take(10))}."
            ),
        };
    }

    /// <summary>All documents, page after page.</summary>
    public static async IAsyncEnumerable<DocumentView> AllAsync(
        ChanceryClient client,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken,
        string? query = null,
        string? tag = null,
        ListedState? state = null,
        Guid? collection = null,
        bool deleted = false
    )
    {
        string? cursor = null;
        do
        {
            var page = await client.ListDocumentsAsync(
                limit: PageSize,
                cursor: cursor,
                tag: tag,
                state: state,
                q: query,
                collectionId: collection,
                deleted: deleted ? true : null,
                cancellationToken: cancellationToken
            );
            foreach (var document in page.Items)
            {
                yield return document;
            }

            cursor = page.NextCursor;
        } while (cursor is not null);
    }
}
