using System.Runtime.CompilerServices;

namespace Chancery.Documents;

/// <summary>
/// Puts recognised text into the pages that have none, some of them at a time, in order. A page that cannot be recognised
/// stays blank: one of hundreds must not cost the others.
/// </summary>
internal sealed class ScannedPages(TextRecognition recognition, SharedContent content, RecognitionBudget budget)
{
    private DocumentUnreadableException? _firstFailure;

    /// <summary>What kept the first page that stayed blank from being recognised.</summary>
    public DocumentUnreadableException? FirstFailure => _firstFailure;

    public async IAsyncEnumerable<DocumentPage> ReadAsync(
        IAsyncEnumerable<DocumentPage> pages,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var waiting = new Queue<Task<DocumentPage>>();
        try
        {
            await foreach (var page in pages.WithCancellation(cancellationToken))
            {
                waiting.Enqueue(page.Text.Length > 0 ? Task.FromResult(page) : RecogniseAsync(page, leaving.Token));
                while (waiting.Count > recognition.Parallelism || (waiting.TryPeek(out var next) && next.IsCompleted))
                {
                    yield return await waiting.Dequeue();
                }
            }

            while (waiting.TryDequeue(out var page))
            {
                yield return await page;
            }
        }
        finally
        {
            await leaving.CancelAsync();
            await Task.WhenAll(waiting).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private async Task<DocumentPage> RecogniseAsync(DocumentPage page, CancellationToken cancellationToken)
    {
        try
        {
            return await recognition.ReadPageAsync(page, budget, content.SendAsync, cancellationToken);
        }
        catch (DocumentUnreadableException failure) when (!failure.IsTransient && !budget.IsSpent)
        {
            Interlocked.CompareExchange(ref _firstFailure, failure, null);
            return page;
        }
    }
}
