using System.Text;
using Chancery.Server.Gateway.ChatCompletions;

namespace Chancery.Server.Gateway.Translation;

/// <summary>A stretch of an answer of one kind, as far as it has come.</summary>
/// <param name="place">From 0, in the order in which they began.</param>
internal sealed class AnswerBlock(BlockKind kind, int place)
{
    public BlockKind Kind => kind;

    public int Place => place;

    /// <summary>The text, the thought, or the arguments of a call.</summary>
    public StringBuilder Text { get; } = new();

    /// <summary>Of a thought its proof; of a sealed one all of it.</summary>
    public string? Signature { get; set; }

    /// <summary>Of a call.</summary>
    public string Id { get; init; } = "";

    /// <summary>Of a call.</summary>
    public string Name { get; init; } = "";

    /// <summary>Of a call: which of the answer's.</summary>
    public int Call { get; init; }

    public List<Annotation> Annotations { get; } = [];
}

internal enum BlockKind
{
    Text,
    Thought,
    SealedThought,
    Call,
}

/// <summary>Puts an answer together from its parts. Not safe for concurrent use.</summary>
internal sealed class AnswerBlocks
{
    private readonly List<AnswerBlock> _all = [];

    public IReadOnlyList<AnswerBlock> All => _all;

    /// <summary>The block that the part belongs to, and whether it begins with it; null for a part that ends the answer.</summary>
    public (AnswerBlock? Block, bool IsNew) Add(AnswerPart part)
    {
        var count = _all.Count;
        switch (part)
        {
            case AnswerPart.Text text:
                var words = Last(BlockKind.Text) ?? Begin(BlockKind.Text);
                words.Text.Append(text.Delta);
                return (words, _all.Count > count);
            case AnswerPart.Cited cited:
                var quoting = Last(BlockKind.Text) ?? Begin(BlockKind.Text);
                quoting.Annotations.Add(cited.Annotation);
                return (quoting, _all.Count > count);
            case AnswerPart.Thought thought:
                var open = Last(BlockKind.Thought);
                // A proof ends its thought.
                var thinking = open is { Signature: null } ? open : Begin(BlockKind.Thought);
                thinking.Text.Append(thought.Delta);
                thinking.Signature = thought.Signature;
                return (thinking, _all.Count > count);
            case AnswerPart.SealedThought hidden:
                Begin(BlockKind.SealedThought).Signature = hidden.Data;
                return (_all[^1], true);
            case AnswerPart.Call call:
                var calling = _all.Find(block => block.Kind is BlockKind.Call && block.Call == call.Index);
                if (calling is null)
                {
                    calling = new AnswerBlock(BlockKind.Call, _all.Count)
                    {
                        Id = call.Id,
                        Name = call.Name ?? "",
                        Call = call.Index,
                    };
                    _all.Add(calling);
                }

                calling.Text.Append(call.Arguments);
                return (calling, _all.Count > count);
            default:
                return (null, false);
        }
    }

    private AnswerBlock? Last(BlockKind kind) => _all.Count > 0 && _all[^1].Kind == kind ? _all[^1] : null;

    private AnswerBlock Begin(BlockKind kind)
    {
        _all.Add(new AnswerBlock(kind, _all.Count));
        return _all[^1];
    }
}
