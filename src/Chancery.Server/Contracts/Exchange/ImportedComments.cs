using Chancery.Contracts.Word;
using Chancery.Server.Access;
using Chancery.Server.Contracts.Commenting;

namespace Chancery.Server.Contracts.Exchange;

/// <summary>Comments of a Word file as comments of its contract, under the names that stand in the file.</summary>
internal static class ImportedComments
{
    /// <returns>How many were added: those that the contract has already are left as they are.</returns>
    public static async Task<int> AddAsync(
        Principal principal,
        Guid contract,
        IReadOnlyList<WordComment> comments,
        CommentStore store,
        CancellationToken cancellationToken
    )
    {
        var known = (await store.ListAsync(principal, contract, clause: null, cancellationToken)).ToList();
        var added = 0;
        foreach (var comment in comments.Where(comment => comment.Text.Length > 0))
        {
            var thread = await ThreadAsync(comment);
            if (thread is null)
            {
                continue;
            }

            foreach (var reply in comment.Replies.Where(reply => reply.Text.Length > 0))
            {
                if (
                    !known.Exists(one =>
                        one.Author == reply.Author && one.Text == reply.Text && one.ReplyTo == thread.Id
                    )
                )
                {
                    await StoreAsync(reply.Author, comment.Clause, thread.Id, reply.Text);
                }
            }

            if (comment.IsResolved && thread.ResolvedAt is null)
            {
                await store.ChangeAsync(
                    principal,
                    comment.Author,
                    contract,
                    thread.Id,
                    text: null,
                    mentions: null,
                    isResolved: true,
                    cancellationToken
                );
            }
        }

        return added;

        async Task<ContractComment?> ThreadAsync(WordComment comment) =>
            known.Find(one =>
                one.Author == comment.Author
                && one.Text == comment.Text
                && one.ReplyTo is null
                && one.ClauseId == comment.Clause
            ) ?? await StoreAsync(comment.Author, comment.Clause, replyTo: null, comment.Text);

        async Task<ContractComment?> StoreAsync(string author, Guid? clause, Guid? replyTo, string text)
        {
            var stored = await store.AddAsync(
                principal,
                author,
                contract,
                clause,
                replyTo,
                text,
                [],
                cancellationToken
            );
            if (stored is not null)
            {
                known.Add(stored);
                added++;
            }

            return stored;
        }
    }
}
