using Chancery.Server.Access;

namespace Chancery.Server.Answers.Conversations;

/// <summary>A question as it counts, with its answer; null while there is none.</summary>
public sealed record ConversationThread(Message Question, Message? Answer);

/// <summary>A whole conversation in order, for what leaves it: shares and exports.</summary>
public sealed class ConversationThreads(ConversationStore conversations)
{
    private const int PageSize = 500;

    /// <summary>Nobody reads further; and what is copied at once has to end somewhere.</summary>
    private const int MostMessages = 10_000;

    /// <summary>Oldest first; of a question that was asked again, the last.</summary>
    public async Task<IReadOnlyList<ConversationThread>> OfAsync(
        Principal principal,
        Conversation conversation,
        CancellationToken cancellationToken
    )
    {
        var messages = await MessagesAsync(principal, conversation, cancellationToken);
        var answers = messages
            .Where(message => message.QuestionId is not null)
            .GroupBy(message => message.QuestionId!.Value)
            .ToDictionary(group => group.Key, group => group.Last());
        return
        [
            .. messages
                .Where(message => message.QuestionId is null)
                .GroupBy(message => message.ThreadId)
                .Select(thread => thread.Last())
                .Select(question => new ConversationThread(question, answers.GetValueOrDefault(question.Id))),
        ];
    }

    /// <summary>All messages, oldest first, as many as are copied at once.</summary>
    public async Task<IReadOnlyList<Message>> MessagesAsync(
        Principal principal,
        Conversation conversation,
        CancellationToken cancellationToken
    )
    {
        var all = new List<Message>();
        Guid? before = null;
        while (all.Count < MostMessages)
        {
            var page = await conversations.MessagesAsync(principal, conversation, before, PageSize, cancellationToken);
            all.InsertRange(0, page);
            if (page.Count < PageSize)
            {
                break;
            }

            before = page[0].Id;
        }

        return all;
    }
}
