using System.Text;
using System.Text.Json;
using Chancery.Documents;

namespace Chancery.Server.Knowledge;

/// <summary>
/// A page's blocks as <c>pages.blocks</c> holds them: <c>[[kind, start, length, level, row, place], …]</c>. Row and place came
/// later; pages that were read before have the first four only.
/// </summary>
internal static class StoredBlocks
{
    private const int ShortForm = 4;

    public static string Write(IReadOnlyList<TextBlock> blocks)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartArray();
            foreach (var block in blocks)
            {
                json.WriteStartArray();
                json.WriteNumberValue((int)block.Kind);
                json.WriteNumberValue(block.Start);
                json.WriteNumberValue(block.Length);
                json.WriteNumberValue(block.Level);
                if (block.Row > 0 || block.Place is not null)
                {
                    json.WriteNumberValue(block.Row);
                    json.WriteStringValue(block.Place);
                }

                json.WriteEndArray();
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    public static IReadOnlyList<TextBlock> Read(string json)
    {
        using var stored = JsonDocument.Parse(json);
        return
        [
            .. stored
                .RootElement.EnumerateArray()
                .Select(block => new TextBlock(
                    (BlockKind)block[0].GetInt32(),
                    block[1].GetInt32(),
                    block[2].GetInt32(),
                    block[3].GetInt32()
                )
                {
                    Row = block.GetArrayLength() > ShortForm ? block[4].GetInt32() : 0,
                    Place = block.GetArrayLength() > ShortForm ? block[5].GetString() : null,
                }),
        ];
    }
}
