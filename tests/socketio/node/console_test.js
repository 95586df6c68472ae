// Get token from localStorage
const token = localStorage.getItem('token');

// Connect to WebSocket
const socket = io('http://localhost:3000/chat', {
  auth: { token }
});

socket.on('connect', () => {
  console.log('✅ Connected to WebSocket');
});

socket.on('disconnect', () => {
  console.log(' Disconnected from WebSocket');
});

// Join a conversation
socket.emit('join_conversation', { conversationId: 'your-conversation-id' });

// Send a message
socket.emit('send_message', {
  conversationId: 'your-conversation-id',
  content: 'Hello from console!',
});

// Listen for new messages
socket.on('new_message', (data) => {
  console.log(' New message:', data);
});
